#include "txn/past/usage.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "meta/sqlite/file_lives.h"
#include "txn/control_directory.h"

namespace commitfs::past {
namespace {

using sqlite::FileLife;

/// Versions by their place among all there are, from `first` to before `last`.
struct Range {
  std::size_t first = 0;
  std::size_t last = 0;
  auto operator<=>(const Range&) const = default;
};

/// A number for each version, of which whole ranges are raised in one step.
class Counts {
 public:
  explicit Counts(std::size_t versions) : steps_(versions + 1) {}

  void raise(const Range& range, std::uint64_t by) {
    steps_[range.first] += by;
    steps_[range.last] -= by;  // modulo 2^64, as the sum
  }
  std::vector<std::uint64_t> take() {
    for (std::size_t i = 1; i < steps_.size(); ++i)
      steps_[i] += steps_[i - 1];
    steps_.pop_back();
    return std::move(steps_);
  }

 private:
  std::vector<std::uint64_t> steps_;
};

class UsageCounter {
 public:
  UsageCounter(const std::vector<SeqNo>& versions, const std::set<SeqNo>& together)
      : versions_(versions),
        files_(versions.size()),
        bytes_(versions.size()),
        unique_(versions.size()),
        asked_before_(1) {
    for (const SeqNo version : versions)
      asked_before_.push_back(asked_before_.back() + (together.contains(version) ? 1 : 0));
  }

  /// Those of one body come one after the other.
  void add(const FileLife& life) {
    const Range seen{place_of(life.since), place_of(life.until)};
    if (seen.first < seen.last) files_.raise(seen, 1);
    if (life.object != object_) end_body();
    object_ = life.object;
    size_bytes_ = std::max(size_bytes_, life.size_bytes);
    if (seen.first < seen.last) seen_.push_back(seen);
  }

  Usage take() {
    end_body();
    const auto files = files_.take();
    const auto bytes = bytes_.take();
    for (std::size_t i = 0; i < versions_.size(); ++i) {
      usage_.versions.push_back({.version = versions_[i],
                                 .files = files[i],
                                 .bytes = bytes[i],
                                 .unique_bytes = unique_[i]});
    }
    return std::move(usage_);
  }

 private:
  std::size_t place_of(SeqNo version) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(versions_, version) -
                                    versions_.begin());
  }

  /// The ranges of the body, none touching another.
  std::vector<Range> merged() {
    std::ranges::sort(seen_);
    std::vector<Range> ranges;
    for (const Range& range : seen_) {
      if (!ranges.empty() && range.first <= ranges.back().last) {
        ranges.back().last = std::max(ranges.back().last, range.last);
      } else {
        ranges.push_back(range);
      }
    }
    seen_.clear();
    return ranges;
  }

  void end_body() {
    const std::uint64_t size_bytes = std::exchange(size_bytes_, 0);
    const auto ranges = merged();
    if (object_ == ObjectId::none) return;
    std::size_t seen = 0;
    std::size_t asked = 0;
    for (const Range& range : ranges) {
      bytes_.raise(range, size_bytes);
      seen += range.last - range.first;
      asked += asked_before_[range.last] - asked_before_[range.first];
    }
    if (seen == 0) {
      usage_.unseen_bytes += size_bytes;
      return;
    }
    ++usage_.bodies;
    usage_.bytes += size_bytes;
    if (seen == 1) unique_[ranges.front().first] += size_bytes;
    if (seen == asked) usage_.together_bytes += size_bytes;
  }

  const std::vector<SeqNo>& versions_;
  Counts files_;
  Counts bytes_;
  std::vector<std::uint64_t> unique_;
  std::vector<std::size_t> asked_before_;  ///< of the versions before each place
  Usage usage_;
  // The body at hand.
  ObjectId object_ = ObjectId::none;
  std::uint64_t size_bytes_ = 0;
  std::vector<Range> seen_;
};

}  // namespace

Result<Usage> read_usage(const std::filesystem::path& table, const std::set<SeqNo>& together) {
  const ControlDirectory control = TRY(ControlDirectory::open(table));
  auto lives = TRY(sqlite::FileLives::open(control.catalog()));
  UsageCounter counter(lives.versions(), together);
  while (const auto life = TRY(lives.next()))
    counter.add(*life);
  return counter.take();
}

}  // namespace commitfs::past
