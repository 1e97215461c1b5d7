#include "fs/operations.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <type_traits>

#include "fs/capabilities.h"
#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs {
namespace {

/// A text as a template argument.
template <std::size_t size>
struct Name {
  constexpr Name(const char (&literal)[size]) { std::copy_n(literal, size, text); }
  char text[size];
};

template <typename T>
using AsKernelGives = std::conditional_t<std::is_same_v<T, NodeId>, fuse_ino_t, T>;

template <typename T>
void keep_first_node(NodeId& node, T value) {
  if constexpr (std::is_same_v<T, NodeId>) {
    if (node == NodeId::none) node = value;
  }
}

/// An operation as libfuse calls it: the request wrapped, node numbers typed. Exceptions of the
/// standard library end here; the request that is dropped by one has answered EIO.
template <Name name, auto operation, typename Signature = decltype(operation)>
struct Wrapped;
template <Name name, auto operation, typename... Arguments>
struct Wrapped<name, operation, void (*)(Request, Arguments...)> {
  static void call(fuse_req_t raw, AsKernelGives<Arguments>... arguments) {
    NodeId node = NodeId::none;
    (keep_first_node<Arguments>(node, static_cast<Arguments>(arguments)), ...);
    try {
      operation(Request(raw, name.text, node), static_cast<Arguments>(arguments)...);
    } catch (const std::exception& error) {
      spdlog::error("{} {}: {}", name.text, commitfs::fs::raw(node), error.what());
    }
  }
};

void init(void* userdata, fuse_conn_info* connection) {
  negotiate(*static_cast<Mount*>(userdata), *connection);
}

fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops table{};
  table.init = init;
  table.lookup = Wrapped<"lookup", ops::lookup>::call;
  table.forget = Wrapped<"forget", ops::forget>::call;
  table.forget_multi = Wrapped<"forget_multi", ops::forget_multi>::call;
  table.getattr = Wrapped<"getattr", ops::getattr>::call;
  table.setattr = Wrapped<"setattr", ops::setattr>::call;
  table.readlink = Wrapped<"readlink", ops::readlink>::call;
  table.mknod = Wrapped<"mknod", ops::mknod>::call;
  table.mkdir = Wrapped<"mkdir", ops::mkdir>::call;
  table.unlink = Wrapped<"unlink", ops::unlink>::call;
  table.rmdir = Wrapped<"rmdir", ops::rmdir>::call;
  table.symlink = Wrapped<"symlink", ops::symlink>::call;
  table.rename = Wrapped<"rename", ops::rename>::call;
  table.link = Wrapped<"link", ops::link>::call;
  table.open = Wrapped<"open", ops::open>::call;
  table.create = Wrapped<"create", ops::create>::call;
  table.read = Wrapped<"read", ops::read>::call;
  table.write = Wrapped<"write", ops::write>::call;
  table.flush = Wrapped<"flush", ops::flush>::call;
  table.release = Wrapped<"release", ops::release>::call;
  table.fsync = Wrapped<"fsync", ops::fsync>::call;
  table.fallocate = Wrapped<"fallocate", ops::fallocate>::call;
  table.copy_file_range = Wrapped<"copy_file_range", ops::copy_file_range>::call;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  table.tmpfile = Wrapped<"tmpfile", ops::tmpfile>::call;
#endif
  table.lseek = Wrapped<"lseek", ops::lseek>::call;
  table.poll = Wrapped<"poll", ops::poll>::call;
  table.opendir = Wrapped<"opendir", ops::opendir>::call;
  table.readdir = Wrapped<"readdir", ops::readdir>::call;
  table.readdirplus = Wrapped<"readdirplus", ops::readdirplus>::call;
  table.releasedir = Wrapped<"releasedir", ops::releasedir>::call;
  table.fsyncdir = Wrapped<"fsyncdir", ops::fsyncdir>::call;
  table.ioctl = Wrapped<"ioctl", ops::ioctl>::call;
  table.statfs = Wrapped<"statfs", ops::statfs>::call;
  table.setxattr = Wrapped<"setxattr", ops::setxattr>::call;
  table.getxattr = Wrapped<"getxattr", ops::getxattr>::call;
  table.listxattr = Wrapped<"listxattr", ops::listxattr>::call;
  table.removexattr = Wrapped<"removexattr", ops::removexattr>::call;
  return table;
}

}  // namespace

const fuse_lowlevel_ops& operations() {
  static const fuse_lowlevel_ops table = make_operations();
  return table;
}

}  // namespace commitfs::fs
