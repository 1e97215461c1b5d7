#include "meta/name.h"

#include <cerrno>

namespace commitfs {

Result<void> valid_name(std::string_view name) {
  // The length first: a name that is both too long and wrong is too long, as on ext4.
  if (name.size() > kNameMaxBytes) return fail(ENAMETOOLONG, "name of an entry");
  if (name.empty() || name == "." || name == "..") return fail(EINVAL, "name of an entry");
  if (name.find('/') != std::string_view::npos) return fail(EINVAL, "name of an entry");
  if (name.find('\0') != std::string_view::npos) return fail(EINVAL, "name of an entry");
  return {};
}

}  // namespace commitfs
