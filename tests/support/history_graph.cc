#include "tests/support/history_graph.h"

#include <algorithm>
#include <deque>

namespace commitfs::test {

void DependencyGraph::add(std::size_t from, std::size_t to, Dependency kind) {
  if (from != to) edges_[from][to] |= kind;
}

std::vector<DependencyGraph::Edge> DependencyGraph::edges(Dependency kind) const {
  std::vector<Edge> edges;
  for (std::size_t from = 0; from < edges_.size(); ++from) {
    for (const auto& [to, kinds] : edges_[from])
      if ((kinds & kind) != 0) edges.push_back({from, to, kinds});
  }
  return edges;
}

unsigned DependencyGraph::kinds(std::size_t from, std::size_t to) const {
  const auto edge = edges_[from].find(to);
  return edge == edges_[from].end() ? 0 : edge->second;
}

std::vector<std::size_t> DependencyGraph::way(std::size_t from, std::size_t to, unsigned kinds,
                                              bool apart) const {
  // A state is a transaction, and whether it was reached by an anti-dependency.
  struct State {
    std::size_t at = 0;
    bool by_read_write = false;
    auto operator<=>(const State&) const = default;
  };
  const State start{from, apart};
  std::map<State, State> reached_from{{start, start}};
  std::deque<State> next{start};
  while (!next.empty()) {
    const State state = next.front();
    next.pop_front();
    if (state.at == to && (!apart || !state.by_read_write) && state != start) {
      std::vector<std::size_t> way{to};
      for (State back = reached_from.at(state); back != start; back = reached_from.at(back))
        way.push_back(back.at);
      if (way.back() != from || way.size() == 1) way.push_back(from);
      std::ranges::reverse(way);
      return way;
    }
    for (const auto& [after, edge] : edges_[state.at]) {
      const bool depends = (edge & kinds & (kWriteWrite | kWriteRead)) != 0;
      const bool skips = (edge & kinds & kReadWrite) != 0 && (!apart || !state.by_read_write);
      if (!depends && !skips) continue;
      const State reached{after, apart && !depends};
      if (reached_from.emplace(reached, state).second) next.push_back(reached);
    }
  }
  return {};
}

}  // namespace commitfs::test
