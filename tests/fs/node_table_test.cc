#include "fs/node_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace commitfs::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<View> make_view(ViewKind kind) {
  auto view = std::make_shared<View>();
  view->kind = kind;
  return view;
}

Attributes file(std::uint64_t inode, std::uint64_t object, bool staged = false) {
  Attributes attributes;
  attributes.inode.id = InodeId{inode};
  attributes.inode.mode = S_IFREG | 0644;
  attributes.inode.nlink = 1;
  attributes.inode.object = ObjectId{object};
  attributes.inode.since = staged ? SeqNo::none : SeqNo{1};
  attributes.staged = staged;
  return attributes;
}

Attributes linked(Attributes attributes) {
  attributes.inode.nlink = 2;
  return attributes;
}

class NodeTableTest : public ::testing::Test {
 protected:
  std::shared_ptr<Node> look_up(const std::shared_ptr<View>& view, const Attributes& found,
                                const std::string& name = "a") {
    return nodes.remember(view, found, NodePlace{NodeId::root, name});
  }

  NodeTable nodes;
  std::shared_ptr<View> session = make_view(ViewKind::session);
  std::shared_ptr<View> live = make_view(ViewKind::live);
};

TEST_F(NodeTableTest, SameInodeIsTheSameNode) {
  EXPECT_EQ(look_up(session, file(7, 1)), look_up(session, file(7, 1), "b"));
}

TEST_F(NodeTableTest, ViewsShareNoNodes) {
  EXPECT_NE(look_up(session, file(7, 1)), look_up(live, file(7, 1)));
}

TEST_F(NodeTableTest, NodeLivesUntilItsLastReferenceIsTakenBack) {
  const NodeId id = look_up(session, file(7, 1))->id;
  look_up(session, file(7, 1));
  EXPECT_EQ(nodes.forget(id, 1), nullptr);
  EXPECT_NE(nodes.find(id), nullptr);
  EXPECT_NE(nodes.forget(id, 1), nullptr);
  EXPECT_EQ(nodes.find(id), nullptr);
}

TEST_F(NodeTableTest, HandleKeepsAForgottenNode) {
  const auto node = look_up(session, file(7, 1));
  EXPECT_TRUE(nodes.take_handle(*node, false));
  EXPECT_EQ(nodes.forget(node->id, 1), nullptr);
  EXPECT_NE(nodes.find(node->id), nullptr);
  EXPECT_EQ(nodes.drop_handle(*node), node);
}

TEST_F(NodeTableTest, CopyOfAnUnopenedBodyKeepsTheNode) {
  const auto node = look_up(session, file(7, 1));
  EXPECT_TRUE(nodes.take_handle_on(*node, ObjectId{2}));
  EXPECT_EQ(nodes.content(*node).object, ObjectId{2});
  EXPECT_EQ(look_up(session, file(7, 2, true)), node);
}

TEST_F(NodeTableTest, CopyOfAnOpenBodyMakesTheNodeStale) {
  const auto node = look_up(session, file(7, 1));
  EXPECT_TRUE(nodes.take_handle(*node, false));
  EXPECT_FALSE(nodes.take_handle_on(*node, ObjectId{2}));
  EXPECT_EQ(nodes.content(*node).object, ObjectId{1});
  const auto next = look_up(session, file(7, 2, true));
  EXPECT_NE(next, node);
  EXPECT_TRUE(nodes.take_handle_on(*next, ObjectId{2}));
}

TEST_F(NodeTableTest, StaleNodeIsNotOpenedAgainUnlessAskedFor) {
  const auto node = look_up(session, file(7, 1));
  nodes.make_stale(*node);
  EXPECT_FALSE(nodes.take_handle(*node, false));
  EXPECT_EQ(nodes.take_handle(*node, true), ObjectId{1});
}

TEST_F(NodeTableTest, LookupThatOvertakesTheOpenGetsANewNode) {
  const auto node = look_up(session, file(7, 1));
  EXPECT_TRUE(nodes.take_handle(*node, false));
  const auto next = look_up(session, file(7, 2, true));
  EXPECT_NE(next, node);
  EXPECT_FALSE(nodes.take_handle_on(*node, ObjectId{2}));
}

TEST_F(NodeTableTest, CommittedBodyIsNeverRebound) {
  const auto node = look_up(live, file(7, 1));
  EXPECT_NE(look_up(live, file(7, 2)), node);
  EXPECT_EQ(nodes.content(*node).object, ObjectId{1});
}

TEST_F(NodeTableTest, DirectoryKeepsItsNode) {
  Attributes directory = file(7, 0);
  directory.inode.mode = S_IFDIR | 0755;
  const auto node = look_up(live, directory);
  directory.inode.since = SeqNo{2};
  EXPECT_EQ(look_up(live, directory), node);
}

TEST_F(NodeTableTest, InodeIsGoneWithTheLastOfItsNodes) {
  const auto stale = look_up(session, file(7, 1));
  nodes.make_stale(*stale);
  const auto next = look_up(session, file(7, 2, true));
  EXPECT_EQ(nodes.forget(stale->id, 1), nullptr);
  EXPECT_EQ(nodes.forget(next->id, 1), next);
}

TEST_F(NodeTableTest, FileWithOneNameRemembersTheLast) {
  const auto node = look_up(session, file(7, 1), "a");
  look_up(session, file(7, 1), "b");
  EXPECT_THAT(nodes.take_places(*node), ElementsAre(NodePlace{NodeId::root, "b"}));
  EXPECT_THAT(nodes.take_places(*node), IsEmpty());
}

TEST_F(NodeTableTest, FileWithTwoNamesRemembersBoth) {
  const auto node = look_up(session, file(7, 1), "a");
  look_up(session, linked(file(7, 1)), "b");
  EXPECT_THAT(nodes.take_places(*node),
              ElementsAre(NodePlace{NodeId::root, "a"}, NodePlace{NodeId::root, "b"}));
}

TEST_F(NodeTableTest, PinnedNodeIsNeverForgotten) {
  nodes.pin(NodeId::root, live, InodeId::root, nullptr);
  EXPECT_EQ(nodes.forget(NodeId::root, 5), nullptr);
  EXPECT_NE(nodes.find(NodeId::root), nullptr);
}

TEST_F(NodeTableTest, ForgettingTheUnknownIsHarmless) {
  EXPECT_EQ(nodes.forget(NodeId{999}, 1), nullptr);
}

}  // namespace
}  // namespace commitfs::fs
