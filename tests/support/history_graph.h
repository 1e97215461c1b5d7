#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace commitfs::test {

/// Why one transaction comes before another: bits.
enum Dependency : unsigned {
  kWriteWrite = 1,  ///< the other wrote over what it wrote
  kWriteRead = 2,   ///< the other read what it wrote
  kReadWrite = 4,   ///< the other wrote over what it read: an anti-dependency
};

/// Transactions, by index, and what comes before what.
class DependencyGraph {
 public:
  explicit DependencyGraph(std::size_t size) : edges_(size) {}

  struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    unsigned kinds = 0;
  };

  void add(std::size_t from, std::size_t to, Dependency kind);
  std::vector<Edge> edges(Dependency kind) const;

  /// The shortest way from one to the other over edges of these kinds (as long as it stays within
  /// them an edge may be of others too). With `apart`, no two edges in a row, nor the first, nor
  /// the last, are anti-dependencies alone. Empty when there is none.
  std::vector<std::size_t> way(std::size_t from, std::size_t to, unsigned kinds,
                               bool apart = false) const;
  unsigned kinds(std::size_t from, std::size_t to) const;

 private:
  std::vector<std::map<std::size_t, unsigned>> edges_;
};

}  // namespace commitfs::test
