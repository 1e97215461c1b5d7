#include "fs/control_settings.h"

#include <cerrno>

#include "fs/mount_state.h"

namespace commitfs::fs::settings {
namespace {

ControlText line(std::string_view value) {
  return {std::string(value) + '\n', {}};
}

}  // namespace

Result<ControlText> read_recovered(const ControlSource& source) {
  return line(source.session->outlived_boot() ? "unseen" : "no");
}

Result<void> write_recovered(const ControlSource& source, std::string_view value) {
  if (value != "accept") return fail(EINVAL, "recovered takes: accept");
  source.session->accept_boot();
  return {};
}

Result<ControlText> read_isolation(const ControlSource& source) {
  return line(to_string(source.session->settings()->isolation));
}

Result<void> write_isolation(const ControlSource& source, std::string_view value) {
  return source.session->set_isolation(TRY(parse_isolation(value)));
}

Result<ControlText> read_operation(const ControlSource& source) {
  return line(to_string(source.session->settings()->operation));
}

Result<void> write_operation(const ControlSource& source, std::string_view value) {
  return source.session->set_operation(TRY(parse_operation(value)));
}

Result<ControlText> read_early(const ControlSource& source) {
  return line(to_string(source.session->settings()->early));
}

Result<void> write_early(const ControlSource& source, std::string_view value) {
  return source.session->set_early_detection(TRY(parse_early_detection(value)));
}

Result<ControlText> read_require(const ControlSource& source) {
  const std::string& require = source.session->settings()->require;
  return require.empty() ? ControlText{} : line(require);
}

Result<void> write_require(const ControlSource& source, std::string_view value) {
  return source.session->set_require(std::string(value));
}

Result<ControlText> read_replace(const ControlSource& source) {
  std::string lines;
  for (const std::string& path : source.session->settings()->replace)
    lines += path + '\n';
  return ControlText{std::move(lines), {}};
}

Result<void> write_replace(const ControlSource& source, std::string_view value) {
  return source.session->set_replace(value);
}

Result<ControlText> read_frozen(const ControlSource& source) {
  return line(source.session->settings()->frozen ? "1" : "0");
}

Result<void> write_frozen(const ControlSource& source, std::string_view value) {
  if (value == "1") return source.mount.sessions().pipeline().freeze(*source.session);
  if (value == "0") return source.session->unfreeze();
  return fail(EINVAL, "frozen is 0 or 1");
}

}  // namespace commitfs::fs::settings
