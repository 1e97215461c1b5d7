// Random steps, and how to find the few of them that matter.
#include <iterator>
#include <random>

#include "tests/support/model_history.h"

namespace commitfs::testing {
namespace {

class Dice {
 public:
  explicit Dice(std::mt19937& engine) : engine_(engine) {}
  std::size_t roll(std::size_t sides) {
    return std::uniform_int_distribution<std::size_t>(0, sides - 1)(engine_);
  }
  template <typename Range>
  const auto& pick(const Range& range) {
    return *std::next(std::begin(range), static_cast<std::ptrdiff_t>(roll(std::size(range))));
  }

 private:
  std::mt19937& engine_;
};

/// How often each is done, out of their sum.
struct Weight {
  Step::Do what;
  std::size_t weight;
};
constexpr Weight kWeights[] = {{Step::Do::write, 16},
                               {Step::Do::append, 4},
                               {Step::Do::open_for_writing, 2},
                               {Step::Do::save, 6},
                               {Step::Do::mkdir, 10},
                               {Step::Do::symlink, 2},
                               {Step::Do::link, 5},
                               {Step::Do::unlink, 8},
                               {Step::Do::rmdir, 6},
                               {Step::Do::rename, 14},
                               {Step::Do::exchange, 2},
                               {Step::Do::set_attribute, 8},
                               {Step::Do::remove_attribute, 2},
                               {Step::Do::read, 5},
                               {Step::Do::list, 3},
                               {Step::Do::look_for, 4},
                               {Step::Do::get_attribute, 2},
                               {Step::Do::serializable, 2},
                               {Step::Do::move_base, 4},
                               {Step::Do::discard, 2},
                               {Step::Do::commit, 20}};

Step::Do draw_operation(Dice& dice) {
  std::size_t sum = 0;
  for (const Weight& each : kWeights)
    sum += each.weight;
  std::size_t at = dice.roll(sum);
  for (const Weight& each : kWeights) {
    if (at < each.weight) return each.what;
    at -= each.weight;
  }
  return Step::Do::commit;
}

std::string draw_new_path(Dice& dice, const model::Tree& tree) {
  constexpr const char* kNames[] = {"a", "b", "c"};
  std::string path = dice.pick(kNames);
  for (int depth = 1; depth < 4 && tree.is_directory(tree.find(path)) && dice.roll(4) != 0; ++depth)
    path += std::string("/") + dice.pick(kNames);
  return path;
}

std::string draw_path(Dice& dice, const model::Tree& tree) {
  const auto paths = tree.paths();
  if (paths.empty() || dice.roll(5) == 0) return draw_new_path(dice, tree);
  return dice.pick(paths);
}

}  // namespace

Step draw(const ModelHistory& history, std::mt19937& engine) {
  using enum Step::Do;
  Dice dice(engine);
  Step step;
  step.session = dice.roll(history.sessions());
  const model::Tree* open = history.tree_of(step.session);
  if (open == nullptr) {
    step.number = dice.roll(8) == 0 ? dice.roll(3) : 0;
    return step;
  }
  const model::Tree& tree = *open;
  constexpr const char* kBytes[] = {"", "1", "2", "11", "12"};
  constexpr const char* kAttributes[] = {"mode", "uid", "user.a", "user.b"};
  step.what = draw_operation(dice);
  const bool is_new = step.what == mkdir || step.what == symlink || step.what == look_for;
  step.path = is_new ? draw_new_path(dice, tree) : draw_path(dice, tree);
  switch (step.what) {
    case write:
      if (dice.roll(2) == 0) step.path = draw_new_path(dice, tree);
      [[fallthrough]];
    case append:
    case save:
    case symlink:
      step.text = dice.pick(kBytes);
      if (step.what == symlink) step.text = "to-" + step.text;
      break;
    case link:
    case rename:
    case exchange:
      step.other = dice.roll(2) == 0 ? draw_new_path(dice, tree) : draw_path(dice, tree);
      break;
    case list:
    case set_attribute:
    case remove_attribute:
    case get_attribute:
      if (dice.roll(8) == 0) step.path = ".";
      if (step.what == list) break;
      step.other = dice.pick(kAttributes);
      step.text = step.other == "mode"  ? (dice.roll(2) == 0 ? "600" : "640")
                  : step.other == "uid" ? (dice.roll(2) == 0 ? "1" : "2")
                                        : (dice.roll(2) == 0 ? "v" : "w");
      if (step.what != set_attribute) step.text.clear();
      break;
    default:
      break;
  }
  if (step.what >= serializable) step.path.clear();
  return step;
}

Played play_random(std::shared_ptr<Catalog> catalog, std::uint32_t seed, std::size_t count) {
  std::mt19937 engine(seed);
  Dice dice(engine);
  ModelHistory history(std::move(catalog), 3 + dice.roll(4));
  for (std::size_t i = 0; i < count; ++i) {
    if (!history.take(draw(history, engine))) break;
  }
  return std::move(history.played);
}

namespace {

bool still_differs(const std::vector<Step>& steps, std::string& difference) {
  ModelHistory history(make_memory_catalog(), 6);
  for (const Step& step : steps) {
    if (history.take(step)) continue;
    difference = history.played.difference;
    return true;
  }
  return false;
}

}  // namespace

std::string shrink(std::vector<Step> steps) {
  std::string difference = "(not when it is played again on a memory catalog)";
  if (still_differs(steps, difference)) {
    for (std::size_t chunk = steps.size() / 2; chunk > 0;) {
      bool smaller = false;
      for (std::size_t at = 0; at + chunk <= steps.size();) {
        std::vector<Step> fewer = steps;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                    fewer.begin() + static_cast<std::ptrdiff_t>(at + chunk));
        if (still_differs(fewer, difference)) {
          steps = std::move(fewer);
          smaller = true;
        } else {
          at += chunk;
        }
      }
      if (!smaller) chunk /= 2;
    }
  }
  std::string text;
  for (const Step& step : steps)
    text += "  " + to_string(step) + "\n";
  return text + difference;
}

}  // namespace commitfs::testing
