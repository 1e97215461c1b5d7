#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Tells from what transactions wrote and read which anomalies their history shows, without knowing
/// how they were run. Sources: Adya 1999 (dependency graphs, G0 to G2); Kingsbury and Alvaro 2020
/// (Elle: versions recovered from lists to which unique values are appended); Fekete et al. 2005
/// (snapshot isolation allows no cycle without two anti-dependencies in a row).
namespace commitfs::test {

/// One thing a transaction did to one key. A key is a list or a register, never both. A value is
/// written once in a history; 0 is never written.
struct HistoryOperation {
  enum class Kind {
    append,    ///< values: the one
    see_list,  ///< values: all of the list
    write,     ///< of a register; values: the one
    read,      ///< of a register; values: the one, or none when it was never written
  };
  Kind kind = Kind::see_list;
  std::string key;
  std::vector<std::uint64_t> values;
};

struct HistoryTransaction {
  enum class Outcome {
    committed,
    aborted,
    unknown,  ///< committed if anybody saw something of it
  };
  std::string name;
  std::vector<HistoryOperation> operations;  ///< in their order
  Outcome outcome = Outcome::committed;
};

enum class Anomaly {
  dirty_write,           ///< G0: a cycle of writes over writes
  aborted_read,          ///< G1a
  intermediate_read,     ///< G1b: a value that its writer wrote over
  circular_information,  ///< G1c: a cycle of writes and reads of them
  single_skew,           ///< G-single: a cycle with one anti-dependency
  nonadjacent_skew,      ///< a cycle with several, no two of them in a row
  write_skew,            ///< G2-item: any other cycle; snapshot isolation allows it
  lost_update,           ///< two updates of one version, or an update that is not there at the end
  incompatible_order,    ///< lists of which neither begins with the other; a value seen twice
  unwritten_read,        ///< a value that nobody wrote
};
std::string to_string(Anomaly anomaly);

struct HistoryFinding {
  Anomaly anomaly = Anomaly::dirty_write;
  std::string text;  ///< the cycle, or what was seen, for people
};

/// All kinds of anomalies in the history, each with examples, at most a few for each. Versions of
/// lists stand in the order of the longest list seen of each; those of registers follow upon the
/// one that their writer had read. `last`, when it is one of the transactions' names, is one that
/// only read, after all others: what was committed and it did not see is lost.
std::vector<HistoryFinding> check_history(const std::vector<HistoryTransaction>& history,
                                          const std::string& last = "");

/// How many findings of each kind.
std::map<Anomaly, std::size_t> count(const std::vector<HistoryFinding>& findings);

}  // namespace commitfs::test
