#include "fs/control_content.h"

#include <utility>

namespace commitfs::fs {
namespace {

std::string_view without_newline(std::string_view value) {
  if (value.ends_with('\n')) value.remove_suffix(1);
  return value;
}

}  // namespace

Result<void> ControlContent::render() {
  ControlText text = TRY(file_.read(source_));
  MutexLock lock(mutex_);
  text_ = std::move(text);
  return {};
}

Result<void> ControlContent::truncate() {
  if (!file_.appends) return {};
  return file_.write(source_, "");
}

Result<std::string> ControlContent::read(std::size_t offset, std::size_t size) {
  MutexLock lock(mutex_);
  while (text_.more && text_.text.size() < offset + size) {
    std::string piece = TRY(text_.more());
    if (piece.empty()) text_.more = nullptr;
    text_.text += piece;
  }
  if (offset >= text_.text.size()) return std::string();
  return text_.text.substr(offset, size);
}

Result<std::string> ControlContent::continued(std::size_t offset, std::string_view bytes) const {
  MutexLock lock(mutex_);
  if (refused_) return fail(EINVAL, "a control file of which a write was refused");
  std::string value;
  if (adds()) {
    value = written_;
  } else if (append_) {
    value = begun_ ? written_ : file_.appends ? TRY(file_.read(source_)).text : std::string();
  } else if (offset == written_.size()) {
    value = written_;
  } else if (offset != 0) {
    return fail(EINVAL, "a write into the middle of a control value");
  }
  value += bytes;
  if (value.size() > kMaxValueBytes) return fail(EFBIG, "a control value that is too long");
  return value;
}

Result<void> ControlContent::write(std::size_t offset, std::string_view bytes) {
  std::string value = TRY(continued(offset, bytes));
  const bool is_checked = file_.check != nullptr;
  // Without the lock: it may take long, and a request thread may want to read meanwhile.
  auto taken = is_checked ? file_.check(source_, value, adds()) : set(without_newline(value));
  MutexLock lock(mutex_);
  pending_ = is_checked && taken;
  refused_ = is_checked && !taken;
  TRY(taken);
  written_ = std::move(value);
  begun_ = true;
  return {};
}

Result<void> ControlContent::close() {
  std::string value;
  {
    MutexLock lock(mutex_);
    if (!std::exchange(pending_, false)) return {};
    value = written_;
  }
  return set(value);
}

}  // namespace commitfs::fs
