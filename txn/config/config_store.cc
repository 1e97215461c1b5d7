#include "txn/config/config_store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "txn/text.h"

namespace commitfs {
namespace {

constexpr std::string_view kTextKey = "table.config";
constexpr std::string_view kValiditySeqNoKey = "table.config_seq_no";

Result<SeqNo> read_validity_seq_no(CatalogReader& reader) {
  const auto text = TRY(reader.find_config(kValiditySeqNoKey));
  if (!text) return SeqNo::none;
  std::uint64_t seq_no = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seq_no);
  if (error != std::errc() || end != text->data() + text->size()) {
    return fail(EPROTO, fmt::format("'{}' in the catalog is no version", *text));
  }
  return SeqNo{seq_no};
}

}  // namespace

Result<std::shared_ptr<ConfigStore>> ConfigStore::open(std::shared_ptr<Catalog> catalog, Term term,
                                                       const Clock& clock) {
  Loaded loaded = TRY(load(*catalog));
  return std::shared_ptr<ConfigStore>(
      new ConfigStore(std::move(catalog), term, clock, std::move(loaded)));
}

Result<ConfigStore::Loaded> ConfigStore::load(CatalogReader& reader) {
  Loaded loaded;
  // Before its number: between the two a change may only make a session look older than it is.
  loaded.stored = TRY(reader.find_config(kTextKey)).value_or("");
  auto text = ConfigText::parse(loaded.stored, ConfigText::Repeated::refused);
  auto values = text ? text->values() : std::unexpected(text.error());
  if (!values) {
    return fail(EPROTO, "the configuration in the catalog: " + values.error().context);
  }
  values->validity_seq_no = TRY(read_validity_seq_no(reader));
  loaded.text = *std::move(text);
  loaded.values = std::make_shared<const TableConfig>(*std::move(values));
  return loaded;
}

ConfigStore::Loaded ConfigStore::loaded() const {
  MutexLock lock(mutex_);
  return loaded_;
}

std::shared_ptr<const TableConfig> ConfigStore::current() const {
  MutexLock lock(mutex_);
  return loaded_.values;
}

Result<std::shared_ptr<const TableConfig>> ConfigStore::as_of(CatalogReader& reader) const {
  const Loaded known = loaded();
  const std::string stored = TRY(reader.find_config(kTextKey)).value_or("");
  const SeqNo validity_seq_no = TRY(read_validity_seq_no(reader));
  if (stored == known.stored && validity_seq_no == known.values->validity_seq_no) {
    return known.values;
  }
  return TRY(load(reader)).values;
}

std::string ConfigStore::shown() const {
  return loaded().text.shown();
}

Result<void> ConfigStore::replace(std::string_view text, Author author) {
  return write(text, Mode::replace, author);
}

Result<void> ConfigStore::merge(std::string_view text, Author author) {
  return write(text, Mode::merge, author);
}

Result<void> ConfigStore::check(std::string_view text, Mode mode, Author author) const {
  TRY(may_write(*catalog_, author));
  TRY(edited(loaded(), text, mode));
  return {};
}

Result<void> ConfigStore::may_write(CatalogReader& reader, Author author) const {
  if (TRY(reader.current_term()) != term_) {
    return fail(ESTALE, "another mount of this table has taken over since");
  }
  if (author.uid == 0) return {};
  const auto root = TRY(reader.find_inode(TRY(reader.head_seq_no()), InodeId::root));
  if (root && root->uid == author.uid) return {};
  return fail(EACCES, "the configuration is for the table's owner to write");
}

Result<ConfigStore::Loaded> ConfigStore::edited(const Loaded& before, std::string_view text,
                                                Mode mode) {
  using Repeated = ConfigText::Repeated;
  const auto next = [&]() -> Result<Loaded> {
    const bool whole = mode == Mode::replace;
    ConfigText parsed =
        TRY(ConfigText::parse(text, whole ? Repeated::refused : Repeated::last_wins));
    Loaded loaded;
    loaded.text = whole ? std::move(parsed) : before.text;
    if (!whole) loaded.text.merge(parsed);
    loaded.stored = loaded.text.stored();
    if (loaded.stored.size() > ConfigText::kMaxBytes) return fail(E2BIG, "more than 64 KiB");
    loaded.values = std::make_shared<const TableConfig>(TRY(loaded.text.values()));
    return loaded;
  }();
  if (!next) spdlog::warn("configuration refused: {}", printable(next.error().context));
  return next;
}

Result<void> ConfigStore::write(std::string_view text, Mode mode, Author author) {
  const auto transaction = TRY(catalog_->begin());
  TRY(may_write(*transaction, author));
  const Loaded before = TRY(load(*transaction));
  Loaded next = TRY(edited(before, text, mode));
  if (next.stored == before.stored) return {};

  TableConfig values = *next.values;
  values.validity_seq_no = before.values->validity_seq_no;
  const std::string changes = before.text.validity_changes(next.text);
  if (!changes.empty()) {
    values.validity_seq_no = TRY(add_version(*transaction, author, changes));
    TRY(transaction->put_config(kValiditySeqNoKey, std::to_string(raw(values.validity_seq_no))));
  }
  TRY(transaction->put_config(kTextKey, next.stored));
  next.values = std::make_shared<const TableConfig>(std::move(values));
  next.write = next_write();
  TRY(transaction->commit());
  spdlog::info(
      "configuration written by user {}{}", author.uid,
      changes.empty() ? "" : fmt::format(", version {}", raw(next.values->validity_seq_no)));
  keep(std::move(next));
  return {};
}

std::uint64_t ConfigStore::next_write() {
  MutexLock lock(mutex_);
  return ++writes_;
}

void ConfigStore::keep(Loaded next) {
  MutexLock lock(mutex_);
  // Transactions end one after the other, their threads come here in any order.
  if (next.write > loaded_.write) loaded_ = std::move(next);
}

Result<SeqNo> ConfigStore::add_version(CatalogTransaction& transaction, Author author,
                                       std::string message) const {
  const VersionRecord head = TRY(transaction.head());
  VersionRecord version;
  version.seq_no = SeqNo{raw(head.seq_no) + 1};
  version.term = term_;
  version.base = head.seq_no;
  version.operation = "config";
  version.uid = author.uid;
  version.gid = author.gid;
  version.time_ns = std::max(clock_.now_ns(), head.time_ns);
  version.message = std::move(message);
  TRY(transaction.add_version(version, {}));
  return version.seq_no;
}

std::shared_ptr<const TableConfig> current_config(const std::shared_ptr<ConfigStore>& store) {
  static const auto kDefaults = std::make_shared<const TableConfig>();
  return store == nullptr ? kDefaults : store->current();
}

Result<std::shared_ptr<const TableConfig>> config_as_of(const std::shared_ptr<ConfigStore>& store,
                                                        CatalogReader& reader) {
  if (store == nullptr) return current_config(store);
  return store->as_of(reader);
}

}  // namespace commitfs
