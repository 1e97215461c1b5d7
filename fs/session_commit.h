#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fs/request.h"
#include "txn/commit.h"

namespace commitfs::fs {

/// A session on its way through one of the doors into a commit.
struct SessionCommit {
  std::shared_ptr<Session> session;  ///< null: none has the name, perhaps it was committed before
  std::string name;
  std::string receipt;
};

/// After success, before the answer: what the kernel has to be told. `view` is the session's, null
/// when there was none; `differs`: the version is not what the kernel remembers of the session, for
/// others came between it and the base, or another session of the same token made it.
using ShowReceipt = std::function<void(Mount&, const std::shared_ptr<View>& view, bool differs)>;
using AnswerCommit = std::function<void(Request&, const CommitOutcome&)>;

/// Commits, and answers by a thread of the pipeline when the version is durable, or when the
/// session is open again as it was. EAGAIN at once while the mount ends.
void commit_session(Request request, SessionCommit commit, ShowReceipt show, AnswerCommit answer);

}  // namespace commitfs::fs
