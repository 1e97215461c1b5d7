#include "tools/logging.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "meta/base/posix.h"
#include "tools/text.h"

namespace commitfs {
namespace {

spdlog::sink_ptr make_sink(const LogSettings& settings) {
  constexpr char kPattern[] = "%Y-%m-%dT%H:%M:%S.%f%z %l %v";
  spdlog::sink_ptr sink;
  switch (settings.sink) {
    case LogSettings::Sink::syslog:
      // syslog adds time, name and process itself.
      return std::make_shared<spdlog::sinks::syslog_sink_mt>("commitfs", LOG_PID, LOG_DAEMON,
                                                             false);
    case LogSettings::Sink::standard_error:
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
      break;
    case LogSettings::Sink::file:
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.file.native());
      break;
  }
  sink->set_pattern(kPattern);
  return sink;
}

}  // namespace

const std::vector<std::string>& log_levels() {
  static const std::vector<std::string> levels = {"trace", "debug", "info", "warn", "error", "off"};
  return levels;
}

Result<void> start_logging(const LogSettings& settings) {
  if (settings.sink == LogSettings::Sink::file) {
    const auto opened =
        posix::open_at(AT_FDCWD, settings.file, O_WRONLY | O_CREAT | O_APPEND, 0640);
    if (!opened) return fail_on(settings.file, opened.error().code);
  }
  auto logger = std::make_shared<spdlog::logger>("commitfs", make_sink(settings));
  logger->set_level(spdlog::level::from_str(settings.level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace commitfs
