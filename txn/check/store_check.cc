#include "txn/check/store_check.h"

#include <fmt/format.h>

#include <cerrno>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "meta/object_walk.h"
#include "meta/sqlite/named_objects.h"
#include "meta/sqlite/row_checks.h"
#include "txn/check/checksum.h"
#include "txn/file_time.h"

namespace commitfs {
namespace {

using sqlite::NamedObject;

constexpr std::size_t kChecksumsAtOnce = 1000;

/// The bodies of the store by id, one shard in memory.
class BodyStream {
 public:
  static Result<BodyStream> open(const ObjectStore& store) {
    return BodyStream(store, TRY(list_shards(store)));
  }

  Result<std::optional<ObjectId>> next() {
    while (bodies_.empty() && shard_ < shards_.size()) {
      Shard there = TRY(list_shard(*store_, shards_[shard_++]));
      bodies_.assign(there.bodies.begin(), there.bodies.end());
      strangers_ = std::move(there.strangers);
    }
    if (bodies_.empty()) return std::nullopt;
    const ObjectId next = bodies_.front();
    bodies_.pop_front();
    return next;
  }
  /// Those of the shard read last, once.
  std::vector<std::string> take_strangers() { return std::exchange(strangers_, {}); }
  std::size_t shards() const { return shards_.size(); }
  std::size_t shards_done() const { return shard_; }

 private:
  BodyStream(const ObjectStore& store, std::vector<std::uint64_t> shards)
      : store_(&store), shards_(std::move(shards)) {}

  const ObjectStore* store_;
  std::vector<std::uint64_t> shards_;
  std::size_t shard_ = 0;
  std::deque<ObjectId> bodies_;
  std::vector<std::string> strangers_;
};

class StoreCheck {
 public:
  StoreCheck(const OfflineTable& table, bool data, CheckSummary& summary,
             const std::function<void(const Finding&)>& found)
      : store_(table.store()),
        control_(table.control()),
        data_(data),
        summary_(summary),
        found_(found) {}

  /// Both streams come by id: what is in one only, and what is in both.
  Result<void> run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    auto names = TRY(sqlite::NamedObjects::open(control_.catalog(), control_.staging()));
    auto bodies = TRY(BodyStream::open(store_));
    auto name = TRY(names.next());
    auto body = TRY(next_body(bodies));
    while (name || body) {
      if (!body || (name && name->id < *body)) {
        missing(*name);
        name = TRY(names.next());
      } else if (!name || *body < name->id) {
        orphan(*body);
        body = TRY(next_body(bodies));
      } else {
        TRY(both(*name));
        progress(bodies.shards_done(), bodies.shards());
        name = TRY(names.next());
        body = TRY(next_body(bodies));
      }
    }
    return note_checksums();
  }

 private:
  Result<std::optional<ObjectId>> next_body(BodyStream& bodies) {
    auto body = TRY(bodies.next());
    for (const std::string& path : bodies.take_strangers())
      found_({.rule = "stranger", .text = "objects/" + path + " is no body", .note = true});
    if (body) ++summary_.bodies;
    return body;
  }

  static std::string text_of(ObjectId id) { return fmt::format("body {}", raw(id)); }

  void missing(const NamedObject& name) {
    if (name.in_tree) {
      found_(
          {.rule = "missing-body", .text = text_of(name.id) + " of a version is not in the store"});
    } else if (name.is_staged) {
      // What a session had from a base that was expired by force went with it.
      found_({.rule = "missing-staged-body",
              .text = text_of(name.id) + " of an open session is not in the store",
              .note = !name.is_needed});
    }
  }

  void orphan(ObjectId body) {
    found_({.rule = "orphan",
            .text = text_of(body) + " belongs to nothing",
            .note = true,
            .repairable = true});
  }

  Result<void> both(const NamedObject& name) {
    const auto body = store_.stat(name.id);
    if (!body) {
      damaged(name, "unreadable-body", "cannot be looked at: " + body.error().describe());
      return {};
    }
    if (!S_ISREG(body->st_mode)) {
      damaged(name, "not-a-file", "is no regular file");
      return {};
    }
    if (!name.is_listed) return {};
    // An adopted file has a second name, outside, through which it can be written.
    const bool has_outer_name = body->st_nlink > 1;
    if (static_cast<std::uint64_t>(body->st_size) != name.size_bytes) {
      damaged(name, has_outer_name ? "changed-from-outside" : "wrong-size",
              fmt::format("has {} bytes and should have {}", body->st_size, name.size_bytes));
      return {};
    }
    if (has_outer_name && name.adopted_mtime_ns && to_ns(body->st_mtim) != *name.adopted_mtime_ns) {
      damaged(name, "changed-from-outside", "was written after it was adopted");
    }
    return data_ ? check_data(name) : Result<void>();
  }

  void damaged(const NamedObject& name, const char* rule, const std::string& what) {
    found_({.rule = rule, .text = text_of(name.id) + " " + what});
  }

  Result<void> check_data(const NamedObject& name) {
    auto checksum = checksum_of(store_, name.id);
    if (!checksum) {
      ++summary_.data_found;
      damaged(name, "unreadable-body", "cannot be read: " + checksum.error().describe());
      return {};
    }
    if (name.checksum.empty()) {
      ++summary_.checksums_noted;
      fresh_.emplace_back(name.id, *std::move(checksum));
      return fresh_.size() < kChecksumsAtOnce ? Result<void>() : note_checksums();
    }
    if (*checksum != name.checksum) {
      ++summary_.data_found;
      damaged(name, "wrong-checksum", "holds other bytes than it did");
    }
    return {};
  }

  Result<void> note_checksums() {
    if (fresh_.empty()) return {};
    return sqlite::note_checksums(control_.catalog(), std::exchange(fresh_, {}));
  }

  const ObjectStore& store_;
  const ControlDirectory& control_;
  const bool data_;
  CheckSummary& summary_;
  const std::function<void(const Finding&)>& found_;
  std::vector<std::pair<ObjectId, std::string>> fresh_;
};

}  // namespace

Result<void> check_store(const OfflineTable& table, bool data, CheckSummary& summary,
                         const std::function<void(const Finding&)>& found,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return StoreCheck(table, data, summary, found).run(progress);
}

}  // namespace commitfs
