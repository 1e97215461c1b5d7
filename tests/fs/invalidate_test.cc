#include "fs/invalidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace commitfs::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordingKernel : public KernelCaches {
 public:
  std::vector<std::pair<NodeId, std::string>> entries;
  std::vector<NodeId> attributes;

  void drop_entry(NodeId parent, const std::string& name) override {
    entries.emplace_back(parent, name);
  }
  void drop_attributes(NodeId node) override { attributes.push_back(node); }
};

Attributes record(std::uint64_t inode, mode_t mode, std::uint64_t object = 0) {
  Attributes attributes;
  attributes.inode.id = InodeId{inode};
  attributes.inode.mode = mode;
  attributes.inode.nlink = 1;
  attributes.inode.object = ObjectId{object};
  return attributes;
}

class LiveInvalidatorTest : public ::testing::Test {
 protected:
  LiveInvalidatorTest() { live->kind = ViewKind::live; }

  NodeId know(const Attributes& found) {
    return nodes.remember(live, found, NodePlace{NodeId::root, "x"})->id;
  }

  NodeTable nodes;
  RecordingKernel kernel;
  std::shared_ptr<View> live = std::make_shared<View>();
  LiveInvalidator invalidator{nodes, *live, kernel};
};

TEST_F(LiveInvalidatorTest, ChangedNameInAKnownDirectoryIsDropped) {
  const NodeId directory = know(record(5, S_IFDIR | 0755));
  invalidator.publish({.version = SeqNo{2}, .dirents = {{InodeId{5}, "a"}}});
  EXPECT_THAT(kernel.entries, ElementsAre(std::pair(directory, std::string("a"))));
}

TEST_F(LiveInvalidatorTest, WhatTheKernelDoesNotKnowIsNotToldTo) {
  invalidator.publish({.version = SeqNo{2},
                       .dirents = {{InodeId{5}, "a"}},
                       .contents = {InodeId{6}},
                       .content_links = {{InodeId{5}, "b"}},
                       .attributes = {InodeId{5}, InodeId{6}}});
  EXPECT_THAT(kernel.entries, IsEmpty());
  EXPECT_THAT(kernel.attributes, IsEmpty());
}

TEST_F(LiveInvalidatorTest, NodesOfOtherViewsAreNotTouched) {
  auto session = std::make_shared<View>();
  session->kind = ViewKind::session;
  nodes.remember(session, record(5, S_IFDIR | 0755), NodePlace{NodeId::root, "x"});
  invalidator.publish({.version = SeqNo{2}, .dirents = {{InodeId{5}, "a"}}});
  EXPECT_THAT(kernel.entries, IsEmpty());
}

TEST_F(LiveInvalidatorTest, NewContentIsBehindANewNode) {
  const NodeId directory = know(record(5, S_IFDIR | 0755));
  const NodeId before = know(record(6, S_IFREG | 0644, 1));
  invalidator.publish({.version = SeqNo{2},
                       .contents = {InodeId{6}},
                       .content_links = {{InodeId{5}, "f"}, {InodeId{5}, "g"}}});
  EXPECT_THAT(kernel.entries, ElementsAre(std::pair(directory, std::string("f")),
                                          std::pair(directory, std::string("g"))));
  EXPECT_NE(know(record(6, S_IFREG | 0644, 2)), before);
}

TEST_F(LiveInvalidatorTest, AttributesOfStaleNodesAreDroppedToo) {
  const NodeId before = know(record(6, S_IFREG | 0644, 1));
  const NodeId after = know(record(6, S_IFREG | 0644, 2));
  invalidator.publish({.version = SeqNo{3}, .attributes = {InodeId{6}}});
  EXPECT_THAT(kernel.attributes, ElementsAre(before, after));
}

}  // namespace
}  // namespace commitfs::fs
