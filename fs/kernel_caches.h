#pragma once

#include <fuse_lowlevel.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "fs/node_table.h"

namespace commitfs::fs {

/// What the daemon tells the kernel unasked: that something it remembers is not so any more. A call
/// may wait for the parent directory's lock, which the kernel holds while it waits for a request in
/// that directory: it must never come from a thread that answers requests, nor from one such a
/// thread waits for. What the kernel does not know is no error. Thread-safe.
class KernelCaches {
 public:
  virtual ~KernelCaches() = default;
  /// Drops (parent, name), and below a directory everything that is not in use.
  virtual void drop_entry(NodeId parent, const std::string& name) = 0;
  /// Drops the attributes of a node; its pages stay.
  virtual void drop_attributes(NodeId node) = 0;
  /// Drops what is kept of a directory's names, for all who list it from now on; attributes too.
  virtual void drop_listing(NodeId directory) = 0;
  /// Has `path`, relative to the mount, looked up as any program would. An entry that was dropped
  /// while it was somebody's working directory gets its name back so: getcwd(2) fails without. And
  /// a directory that the kernel knows at another place moves here, as by a rename. True when it is
  /// there.
  virtual bool look_up(const std::filesystem::path& path) = 0;
};

/// The kernel itself.
class FuseKernelCaches : public KernelCaches {
 public:
  /// From here until `detach` notifications are sent; without a session they are swallowed. Called
  /// once.
  void attach(fuse_session* session, std::filesystem::path mountpoint);
  void detach() { session_ = nullptr; }

  void drop_entry(NodeId parent, const std::string& name) override;
  void drop_attributes(NodeId node) override;
  void drop_listing(NodeId directory) override;
  bool look_up(const std::filesystem::path& path) override;

 private:
  std::filesystem::path mountpoint_;  ///< set before session_, and then left alone
  std::atomic<fuse_session*> session_ = nullptr;
};

}  // namespace commitfs::fs
