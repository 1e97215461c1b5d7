#include "meta/base/error.h"

#include <cerrno>
#include <system_error>

namespace commitfs {

std::string Error::describe() const {
  std::string text = std::generic_category().message(code);
  return context.empty() ? text : context + ": " + text;
}

std::unexpected<Error> fail_errno(std::string context) {
  const int code = errno;
  return fail(code == 0 ? EIO : code, std::move(context));
}

}  // namespace commitfs
