#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "txn/table.h"

namespace commitfs::test {

enum class Do {
  init,      ///< Table::init of the directory that prepare_directory made
  open,      ///< Table::open: recovery
  gc,        ///< of a table that is not open and has one body that belongs to nothing
  close,     ///< ends the mount as an unmount does
  begin,     ///< session
  mkdir,     ///< session path
  rmdir,     ///< session path
  create,    ///< session path text: a new file with these bytes
  append,    ///< session path text: copies the body up first where it is a version's
  write,     ///< session path text: O_TRUNC
  rename,    ///< session path text: to `text`
  link,      ///< session path text: a second name, `text`
  symlink,   ///< session path text: the target is `text`
  unlink,    ///< session path
  sync,      ///< session: every body, then the journal, as fsync(2) of each file does
  commit,    ///< session: makes a version
  conflict,  ///< session: a commit that is refused with ECANCELED
  discard,   ///< session
  expire,    ///< all versions but so many of the newest as `text` says, and what sessions need
};

/// One step of a workload. Its effect is done when the next one begins.
struct Step {
  Do what = Do::init;
  std::string session = {};
  std::string path = {};
  std::string text = {};
};
std::string describe(const Step& step);

using Workload = std::vector<Step>;

/// Everything there is to do, a few times. Ends closed.
Workload standard_workload();
/// `steps` steps drawn with `seed`, none of them refused.
Workload random_workload(unsigned seed, std::size_t steps);

/// How far a run has come, in memory that outlives the process that runs.
struct Progress {
  std::size_t begun = 0;     ///< steps, from 1
  std::size_t answered = 0;  ///< as `begun`, or one less
  int refused = 0;           ///< errno of the first attempt at a step that failed
};

/// A plain directory to make a table of, with what the model begins with.
void prepare_directory(const std::filesystem::path& directory);

/// Runs the steps against a real table at `directory`, each in turn. Each is tried so often at
/// most. Throws where one fails for good.
void run_workload(const Workload& workload, const std::filesystem::path& directory,
                  Progress& progress, int attempts = 1);

}  // namespace commitfs::test
