#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/workload.h"

namespace commitfs::test {

/// What stands for a directory in `Names`.
inline constexpr std::string_view kDirectory = "/";

/// Path to what is there: "/", "-> target", or the label of a file.
using Names = std::map<std::string, std::string>;
/// Label to bytes. A label is one file of one session, or of the versions; no label comes twice.
using Bytes = std::map<std::string, std::string>;

/// Version 1.
const Names& first_names();
const Bytes& first_bytes();

/// One moment that a crash may show. A step may have several.
struct Moment {
  std::size_t step = 0;  ///< within which it comes about; 0: before the first
  std::vector<Names> versions;
  std::map<std::string, Names> sessions;               ///< those that are open
  std::map<std::string, std::size_t> bases;            ///< the version each began at, from 1
  std::map<std::string, std::size_t> synced_in;        ///< the step that made them durable last
  std::map<std::string, std::size_t> bytes_synced_in;  ///< an unmount leaves bytes to the system
  std::map<std::string, std::size_t> version_of;       ///< session to the version it made
  std::set<std::string> discarded;
  std::set<std::size_t> expired;  ///< versions
  Bytes bytes;
};

/// What a workload does, moment by moment.
class Model {
 public:
  explicit Model(const Workload& workload = {});
  void apply(const Step& step);

  const std::vector<Moment>& moments() const { return moments_; }
  const Moment& last_of(std::size_t step) const;  ///< when step `step`, from 1, is done
  /// Every session that was begun by the end of `step`.
  std::set<std::string> sessions_until(std::size_t step) const;
  /// Bytes that no moment changes any more: those of versions.
  const Bytes& final_bytes() const { return moments_.back().bytes; }

 private:
  void next_moment(const Moment& moment) { moments_.push_back(moment); }
  void apply_in_session(const Step& step, Moment& moment);
  void write_file(const Step& step, Moment& moment);
  void commit_session(const std::string& session, Moment& moment);
  static void expire(std::size_t kept, Moment& moment);
  std::string new_label() { return "#" + std::to_string(++labels_); }

  std::vector<Moment> moments_;
  std::map<std::string, std::set<std::string>> own_labels_;  ///< of each session
  std::size_t steps_ = 0;
  std::size_t labels_ = 0;
};

/// True when a session may be found as `found` (path to "/", "-> target", or bytes) after a crash
/// in step `begun`, its last sync having been step `synced`: the names of one moment since then,
/// and in each file the bytes of that or of a later moment, for bytes need no journal.
bool may_be_found(const Model& model, const std::string& session, std::size_t synced,
                  std::size_t begun, const std::map<std::string, std::string>& found);

/// The same after the power failed: what was written since step `bytes_synced` may hold anything.
bool may_be_found_torn(const Model& model, const std::string& session, std::size_t synced,
                       std::size_t bytes_synced, std::size_t begun,
                       const std::map<std::string, std::string>& found);

/// The names with the bytes in place of labels.
std::map<std::string, std::string> contents_of(const Names& names, const Bytes& bytes);

}  // namespace commitfs::test
