#pragma once

#include "meta/catalog.h"

namespace commitfs {

/// Implements CatalogReader for a catalog and for a transaction of one form, which differ only in
/// what they read from: `Derived` has `template <typename Read> auto read(Read)`, which calls it
/// with a reader, any object with functions of the same names, and returns its answer.
template <typename Base, typename Derived>
class ReadsThrough : public Base {
 public:
  Result<VersionRecord> head() override {
    return self().read([](auto& reader) { return reader.head(); });
  }
  Result<SeqNo> head_seq_no() override {
    return self().read([](auto& reader) { return reader.head_seq_no(); });
  }
  Result<std::optional<InodeRecord>> find_inode(SeqNo at, InodeId id) override {
    return self().read([&](auto& reader) { return reader.find_inode(at, id); });
  }
  Result<std::optional<DirentRecord>> find_dirent(SeqNo at, InodeId parent,
                                                  std::string_view name) override {
    return self().read([&](auto& reader) { return reader.find_dirent(at, parent, name); });
  }
  Result<std::optional<InodeRecord>> find_child(SeqNo at, InodeId parent,
                                                std::string_view name) override {
    return self().read([&](auto& reader) { return reader.find_child(at, parent, name); });
  }
  Result<std::vector<ListedDirent>> list(SeqNo at, InodeId parent, std::string_view after,
                                         std::size_t limit) override {
    return self().read([&](auto& reader) { return reader.list(at, parent, after, limit); });
  }
  Result<std::vector<DirentKey>> links_of(SeqNo at, InodeId inode) override {
    return self().read([&](auto& reader) { return reader.links_of(at, inode); });
  }
  Result<std::optional<std::string>> find_xattr(SeqNo at, InodeId inode,
                                                std::string_view name) override {
    return self().read([&](auto& reader) { return reader.find_xattr(at, inode, name); });
  }
  Result<std::vector<std::pair<std::string, std::string>>> list_xattrs(SeqNo at,
                                                                       InodeId inode) override {
    return self().read([&](auto& reader) { return reader.list_xattrs(at, inode); });
  }

  Result<std::optional<VersionRecord>> find_version(SeqNo seq_no) override {
    return self().read([&](auto& reader) { return reader.find_version(seq_no); });
  }
  Result<std::vector<VersionRecord>> list_versions(SeqNo before, std::size_t limit) override {
    return self().read([&](auto& reader) { return reader.list_versions(before, limit); });
  }
  Result<std::optional<VersionRecord>> find_version_at(TimeNs time_ns) override {
    return self().read([&](auto& reader) { return reader.find_version_at(time_ns); });
  }
  Result<std::optional<VersionRecord>> find_version_by_token(std::string_view token) override {
    return self().read([&](auto& reader) { return reader.find_version_by_token(token); });
  }
  Result<std::optional<VersionRecord>> find_version_by_session_id(SessionId id) override {
    return self().read([&](auto& reader) { return reader.find_version_by_session_id(id); });
  }
  Result<std::optional<VersionRecord>> find_version_by_session_name(
      std::string_view name) override {
    return self().read([&](auto& reader) { return reader.find_version_by_session_name(name); });
  }
  Result<std::vector<ChangeRecord>> list_changes(SeqNo seq_no) override {
    return self().read([&](auto& reader) { return reader.list_changes(seq_no); });
  }

  Result<Touched> touched_between(SeqNo from, SeqNo to) override {
    return self().read([&](auto& reader) { return reader.touched_between(from, to); });
  }
  Result<std::vector<ObjectId>> list_unnamed_objects(std::size_t limit) override {
    return self().read([&](auto& reader) { return reader.list_unnamed_objects(limit); });
  }

  Result<std::optional<TagRecord>> find_tag(std::string_view name) override {
    return self().read([&](auto& reader) { return reader.find_tag(name); });
  }
  Result<std::vector<TagRecord>> list_tags(std::string_view after, std::size_t limit) override {
    return self().read([&](auto& reader) { return reader.list_tags(after, limit); });
  }
  Result<std::vector<TagRecord>> tags_of(SeqNo seq_no) override {
    return self().read([&](auto& reader) { return reader.tags_of(seq_no); });
  }

  Result<GroupHead> group_head(const GroupKey& key) override {
    return self().read([&](auto& reader) { return reader.group_head(key); });
  }
  Result<DirectoryHead> directory_head(InodeId directory) override {
    return self().read([&](auto& reader) { return reader.directory_head(directory); });
  }
  Result<Term> current_term() override {
    return self().read([](auto& reader) { return reader.current_term(); });
  }
  Result<std::optional<std::string>> find_config(std::string_view key) override {
    return self().read([&](auto& reader) { return reader.find_config(key); });
  }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

}  // namespace commitfs
