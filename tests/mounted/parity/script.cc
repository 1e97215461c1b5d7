#include "tests/mounted/parity/script.h"

#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>

namespace commitfs::test::parity {
namespace {

struct Variable {
  std::string name;
  std::vector<std::string> values;
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

Case with_value(Case one, const std::string& variable, const std::string& value) {
  one.name += "/" + value;
  for (auto* lines : {&one.before, &one.calls}) {
    for (std::string& line : *lines)
      replace_all(line, "$" + variable, value);
  }
  return one;
}

std::vector<Case> combinations(Case one, const std::vector<Variable>& variables) {
  std::vector<Case> cases{std::move(one)};
  for (const Variable& variable : variables) {
    std::vector<Case> more;
    for (const Case& each : cases) {
      for (const std::string& value : variable.values)
        more.push_back(with_value(each, variable.name, value));
    }
    cases = std::move(more);
  }
  return cases;
}

unsigned number(std::string_view text, int base) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error("not a number: " + std::string(text));
  return value;
}

/// After a backslash.
char escaped(std::string_view& rest) {
  const char letter = rest.at(0);
  rest.remove_prefix(1);
  if (letter == 'n') return '\n';
  if (letter == 't') return '\t';
  if (letter == '0') return '\0';
  if (letter != 'x') return letter;
  const char byte = static_cast<char>(number(rest.substr(0, 2), 16));
  rest.remove_prefix(2);
  return byte;
}

/// After an opening brace: `255:x}`.
std::string repeated(std::string_view& rest) {
  const auto colon = rest.find(':');
  const auto end = rest.find('}');
  if (colon == std::string_view::npos || end == std::string_view::npos)
    throw std::runtime_error("{N:text} is not closed");
  const unsigned count = number(rest.substr(0, colon), 10);
  const std::string_view text = rest.substr(colon + 1, end - colon - 1);
  std::string all;
  for (unsigned i = 0; i < count; ++i)
    all += text;
  rest.remove_prefix(end + 1);
  return all;
}

std::string quoted(std::string_view& rest) {
  std::string word;
  while (!rest.empty()) {
    const char letter = rest.front();
    rest.remove_prefix(1);
    if (letter == '"') return word;
    word += letter == '\\' ? escaped(rest) : letter;
  }
  throw std::runtime_error("a quote that is not closed");
}

std::string next_word(std::string_view& rest) {
  std::string word;
  while (!rest.empty() && rest.front() != ' ') {
    const char letter = rest.front();
    rest.remove_prefix(1);
    if (letter == '"') {
      word += quoted(rest);
    } else if (letter == '{') {
      word += repeated(rest);
    } else {
      word += letter;
    }
  }
  return word;
}

}  // namespace

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    while (!line.empty() && line.front() == ' ')
      line.remove_prefix(1);
    if (line.empty() || line.front() == '#') return words;
    words.push_back(next_word(line));
  }
}

std::string readable(std::string_view bytes) {
  constexpr std::size_t kShort = 80;
  if (bytes.size() > kShort) {
    return std::to_string(bytes.size()) + " bytes " +
           std::to_string(std::hash<std::string_view>{}(bytes));
  }
  std::string text = "\"";
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    if (value >= ' ' && value < 127 && byte != '"' && byte != '\\') {
      text += byte;
    } else {
      text += {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
    }
  }
  return text + '"';
}

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  std::vector<Case> cases;
  Case current;
  std::vector<Variable> variables;
  bool then = false;
  const auto finish = [&] {
    if (current.name.empty()) return;
    if (!then) std::swap(current.before, current.calls);
    for (Case& one : combinations(std::move(current), variables))
      cases.push_back(std::move(one));
  };
  for (std::string line; std::getline(stream, line);) {
    const auto words = split(line, ' ');
    if (words.front() == "case") {
      finish();
      current = Case{.name = words.at(1), .before = {}, .calls = {}};
      variables.clear();
      then = false;
      for (std::size_t i = 2; i < words.size(); ++i) {
        const auto equals = words[i].find('=');
        const std::string values = words[i].substr(equals + 1);
        variables.push_back(
            {words[i].substr(0, equals), split(values, values.contains(';') ? ';' : ',')});
      }
    } else if (line == "then") {
      then = true;
    } else if (const auto first = line.find_first_not_of(' ');
               first != std::string::npos && line[first] != '#') {
      (then ? current.calls : current.before).push_back(line);
    }
  }
  finish();
  return cases;
}

}  // namespace commitfs::test::parity
