#include "tests/support/history_checker.h"

#include <algorithm>
#include <optional>
#include <set>

#include "tests/support/history_graph.h"

namespace commitfs::test {
namespace {

using Kind = HistoryOperation::Kind;
using Outcome = HistoryTransaction::Outcome;
using Values = std::vector<std::uint64_t>;

constexpr std::size_t kExamples = 5;  // of one kind

class Checker {
 public:
  Checker(const std::vector<HistoryTransaction>& history, const std::string& last)
      : history_(history), last_(last), graph_(history.size()) {}

  std::vector<HistoryFinding> run() {
    note_writes();
    note_reads();
    order_lists();
    order_registers();
    add_dependencies();
    find_lost_updates();
    find_cycles();
    return std::move(findings_);
  }

 private:
  /// What a transaction wrote to a key, in its order.
  struct Write {
    std::size_t writer = 0;
    bool is_last = true;  ///< of its writer's to this key
  };
  /// A version that a transaction read of a key, by its last value that is not its own; 0: none.
  struct Read {
    std::size_t reader = 0;
    std::uint64_t value = 0;
  };

  void tell(Anomaly anomaly, std::string text) {
    if (++told_[anomaly] <= kExamples) findings_.push_back({anomaly, std::move(text)});
  }
  const std::string& name(std::size_t transaction) const { return history_[transaction].name; }
  static std::string text(const std::string& key, std::uint64_t value) {
    return key + "=" + std::to_string(value);
  }

  void note_writes() {
    for (std::size_t at = 0; at < history_.size(); ++at) {
      for (const HistoryOperation& operation : history_[at].operations) {
        if (operation.kind != Kind::append && operation.kind != Kind::write) continue;
        auto& own = own_[{at, operation.key}];
        if (!own.empty()) writes_[operation.key][own.back()].is_last = false;
        own.push_back(operation.values.front());
        writes_[operation.key][own.back()] = {at, true};
      }
    }
  }

  bool is_own(std::size_t reader, const std::string& key, std::uint64_t value) const {
    const auto write = writes_.find(key);
    if (write == writes_.end()) return false;
    const auto by = write->second.find(value);
    return by != write->second.end() && by->second.writer == reader;
  }

  void note_reads() {
    for (std::size_t at = 0; at < history_.size(); ++at) {
      // What an aborted transaction saw decided nothing.
      if (history_[at].outcome == Outcome::aborted) continue;
      for (const HistoryOperation& operation : history_[at].operations) {
        if (operation.kind != Kind::see_list && operation.kind != Kind::read) continue;
        Values seen = operation.values;
        while (!seen.empty() && is_own(at, operation.key, seen.back()))
          seen.pop_back();
        if (operation.kind == Kind::read && seen.size() != operation.values.size()) continue;
        for (const std::uint64_t value : seen)
          note_value_seen(at, operation.key, value);
        const std::uint64_t version = seen.empty() ? 0 : seen.back();
        reads_[operation.key].push_back({at, version});
        if (version != 0) note_version_seen(at, operation.key, version);
        if (operation.kind == Kind::see_list) lists_[operation.key].push_back({at, seen});
      }
    }
  }

  void note_value_seen(std::size_t reader, const std::string& key, std::uint64_t value) {
    const auto& writes = writes_[key];
    const auto write = writes.find(value);
    if (write == writes.end())
      return tell(Anomaly::unwritten_read, name(reader) + " saw " + text(key, value));
    seen_.insert(write->second.writer);
    if (history_[write->second.writer].outcome == Outcome::aborted) {
      tell(Anomaly::aborted_read, name(reader) + " saw " + text(key, value) + " of " +
                                      name(write->second.writer) + ", which was aborted");
    }
  }

  void note_version_seen(std::size_t reader, const std::string& key, std::uint64_t value) {
    const auto write = writes_[key].find(value);
    if (write == writes_[key].end() || write->second.is_last) return;
    tell(Anomaly::intermediate_read, name(reader) + " saw " + text(key, value) + " before " +
                                         name(write->second.writer) + " was done with it");
  }

  /// The longest list is the order; every other must be a beginning of it.
  void order_lists() {
    for (const auto& [key, lists] : lists_) {
      const auto& longest =
          *std::ranges::max_element(lists, {}, [](const auto& list) { return list.second.size(); });
      for (const auto& [reader, list] : lists) {
        if (std::equal(list.begin(), list.end(), longest.second.begin())) continue;
        tell(Anomaly::incompatible_order,
             name(reader) + " and " + name(longest.first) + " saw different orders of " + key);
      }
      const std::set<std::uint64_t> values(longest.second.begin(), longest.second.end());
      if (values.size() != longest.second.size())
        tell(Anomaly::incompatible_order,
             name(longest.first) + " saw a value of " + key + " twice");
      std::uint64_t before = 0;
      for (const std::uint64_t value : longest.second) {
        next_[key][before].insert(value);
        before = value;
      }
    }
  }

  /// A register's version follows the one that its writer had read before it wrote.
  void order_registers() {
    for (std::size_t at = 0; at < history_.size(); ++at) {
      if (!is_committed(at)) continue;
      std::map<std::string, std::uint64_t> current;
      for (const HistoryOperation& operation : history_[at].operations) {
        const std::string& key = operation.key;
        if (operation.kind == Kind::read)
          current[key] = operation.values.empty() ? 0 : operation.values.front();
        if (operation.kind != Kind::write) continue;
        const std::uint64_t value = operation.values.front();
        if (const auto before = current.find(key); before != current.end())
          next_[key][before->second].insert(value);
        current[key] = value;
      }
    }
  }

  bool is_committed(std::size_t at) const {
    return history_[at].outcome == Outcome::committed ||
           (history_[at].outcome == Outcome::unknown && seen_.contains(at));
  }

  std::optional<std::size_t> writer(const std::string& key, std::uint64_t value) const {
    const auto writes = writes_.find(key);
    if (writes == writes_.end()) return std::nullopt;
    const auto write = writes->second.find(value);
    if (write == writes->second.end() || !is_committed(write->second.writer)) return std::nullopt;
    return write->second.writer;
  }

  void add_dependencies() {
    for (const auto& [key, next] : next_) {
      for (const auto& [before, afters] : next) {
        for (const std::uint64_t after : afters) {
          const auto first = writer(key, before);
          const auto second = writer(key, after);
          if (first && second) graph_.add(*first, *second, kWriteWrite);
        }
      }
    }
    for (const auto& [key, reads] : reads_) {
      for (const Read& read : reads) {
        if (const auto seen = writer(key, read.value)) graph_.add(*seen, read.reader, kWriteRead);
        const auto next = next_[key].find(read.value);
        if (next == next_[key].end()) continue;
        for (const std::uint64_t after : next->second) {
          if (const auto second = writer(key, after)) graph_.add(read.reader, *second, kReadWrite);
        }
      }
    }
  }

  void find_lost_updates() {
    // Who read a version and wrote the key: by key and version.
    std::map<std::pair<std::string, std::uint64_t>, std::set<std::size_t>> updates;
    for (const auto& [key, reads] : reads_) {
      for (const Read& read : reads) {
        if (is_committed(read.reader) && own_.contains({read.reader, key}))
          updates[{key, read.value}].insert(read.reader);
      }
    }
    for (const auto& [version, writers] : updates) {
      if (writers.size() < 2) continue;
      tell(Anomaly::lost_update, name(*writers.begin()) + " and " + name(*writers.rbegin()) +
                                     " both updated " + text(version.first, version.second));
    }
    if (last_.empty()) return;
    for (const auto& [key, writes] : writes_) {
      for (const auto& [value, write] : writes) {
        const bool is_list = lists_.contains(key);
        if (history_[write.writer].outcome != Outcome::committed || !is_list) continue;
        if (!seen_by_last(key, value))
          tell(Anomaly::lost_update, text(key, value) + " of " + name(write.writer) + " is gone");
      }
    }
  }

  bool seen_by_last(const std::string& key, std::uint64_t value) const {
    return std::ranges::any_of(lists_.at(key), [&](const auto& list) {
      return name(list.first) == last_ &&
             std::ranges::find(list.second, value) != list.second.end();
    });
  }

  void find_cycles() {
    // Each by an edge that it must have, and a way back.
    for (const auto& edge : graph_.edges(kWriteWrite))
      tell_cycle(Anomaly::dirty_write, edge, kWriteWrite, false);
    for (const auto& edge : graph_.edges(kWriteRead)) {
      if (graph_.way(edge.to, edge.from, kWriteWrite).empty() || (edge.kinds & kWriteWrite) == 0)
        tell_cycle(Anomaly::circular_information, edge, kWriteWrite | kWriteRead, false);
    }
    for (const auto& edge : graph_.edges(kReadWrite)) {
      constexpr unsigned kAll = kWriteWrite | kWriteRead | kReadWrite;
      if (tell_cycle(Anomaly::single_skew, edge, kWriteWrite | kWriteRead, false)) continue;
      if (tell_cycle(Anomaly::nonadjacent_skew, edge, kAll, true)) continue;
      tell_cycle(Anomaly::write_skew, edge, kAll, false);
    }
  }

  bool tell_cycle(Anomaly anomaly, const DependencyGraph::Edge& edge, unsigned kinds, bool apart) {
    const auto way = graph_.way(edge.to, edge.from, kinds, apart);
    if (way.empty()) return false;
    std::string text = name(edge.from);
    std::size_t before = edge.from;
    for (const std::size_t at : way) {
      text += step(graph_.kinds(before, at)) + name(at);
      before = at;
    }
    tell(anomaly, std::move(text));
    return true;
  }

  static std::string step(unsigned kinds) {
    std::string text;
    if ((kinds & kWriteWrite) != 0) text += "ww,";
    if ((kinds & kWriteRead) != 0) text += "wr,";
    if ((kinds & kReadWrite) != 0) text += "rw,";
    text.pop_back();
    return " -" + text + "-> ";
  }

  const std::vector<HistoryTransaction>& history_;
  const std::string& last_;
  DependencyGraph graph_;
  std::vector<HistoryFinding> findings_;
  std::map<Anomaly, std::size_t> told_;
  std::map<std::string, std::map<std::uint64_t, Write>> writes_;  // by key and value
  std::map<std::pair<std::size_t, std::string>, Values> own_;     // by transaction and key
  std::map<std::string, std::vector<Read>> reads_;
  std::map<std::string, std::vector<std::pair<std::size_t, Values>>> lists_;
  std::map<std::string, std::map<std::uint64_t, std::set<std::uint64_t>>> next_;
  std::set<std::size_t> seen_;  // transactions of which somebody saw something
};

}  // namespace

std::string to_string(Anomaly anomaly) {
  switch (anomaly) {
    case Anomaly::dirty_write:
      return "G0";
    case Anomaly::aborted_read:
      return "G1a";
    case Anomaly::intermediate_read:
      return "G1b";
    case Anomaly::circular_information:
      return "G1c";
    case Anomaly::single_skew:
      return "G-single";
    case Anomaly::nonadjacent_skew:
      return "G-nonadjacent";
    case Anomaly::write_skew:
      return "G2-item";
    case Anomaly::lost_update:
      return "lost update";
    case Anomaly::incompatible_order:
      return "incompatible order";
    case Anomaly::unwritten_read:
      return "unwritten read";
  }
  return "unknown";
}

std::vector<HistoryFinding> check_history(const std::vector<HistoryTransaction>& history,
                                          const std::string& last) {
  return Checker(history, last).run();
}

std::map<Anomaly, std::size_t> count(const std::vector<HistoryFinding>& findings) {
  std::map<Anomaly, std::size_t> counts;
  for (const HistoryFinding& finding : findings)
    ++counts[finding.anomaly];
  return counts;
}

}  // namespace commitfs::test
