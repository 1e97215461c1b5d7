#pragma once

#include <memory>
#include <utility>

#include "fs/node_table.h"

namespace commitfs::fs {

/// Holds the lease of the session that an open file or directory is in, if it is in one.
class LeaseHold {
 public:
  LeaseHold() = default;
  explicit LeaseHold(const Node& node)
      : session_(node.fixed == nullptr ? node.view->session : nullptr) {
    if (session_) session_->lease().hold();
  }
  LeaseHold(LeaseHold&& other) noexcept : session_(std::exchange(other.session_, nullptr)) {}
  LeaseHold& operator=(LeaseHold&& other) noexcept {
    std::swap(session_, other.session_);
    return *this;
  }
  ~LeaseHold() {
    if (session_) session_->lease().let_go();
  }

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace commitfs::fs
