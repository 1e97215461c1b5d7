#include "txn/receipts.h"

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace commitfs {
namespace {

constexpr std::size_t kPageRows = 512;

std::string removal_key(std::string_view name) {
  return "receipt.removed/" + std::string(name);
}

}  // namespace

void Receipts::add(const std::string& name, Receipt receipt) {
  // What is replaced is destroyed without the lock: a session removes bodies when it goes.
  Kept replaced;
  Kept evicted;
  MutexLock lock(mutex_);
  Kept& kept = kept_[name];
  if (kept.receipt.tree) by_order_.erase(kept.order);
  replaced = std::exchange(kept, Kept{std::move(receipt), next_order_++});
  by_order_.emplace(kept.order, name);
  if (by_order_.size() <= kMaxKept) return;
  const auto oldest = by_order_.begin();
  evicted = std::move(kept_.extract(oldest->second).mapped());
  by_order_.erase(oldest);
}

std::optional<Receipts::Receipt> Receipts::find_kept(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = kept_.find(name);
  if (found == kept_.end()) return std::nullopt;
  return found->second.receipt;
}

Result<bool> Receipts::was_removed(std::string_view name, SeqNo version) const {
  const auto text = TRY(catalog_->find_config(removal_key(name)));
  if (!text) return false;
  std::uint64_t up_to = 0;
  std::from_chars(text->data(), text->data() + text->size(), up_to);
  return raw(version) <= up_to;
}

Result<std::optional<Receipts::Receipt>> Receipts::find(std::string_view name) const {
  if (auto kept = find_kept(name)) return kept;
  if (name.empty()) return std::nullopt;  // the adoption has no name, and no receipt
  const auto version = TRY(catalog_->find_version_by_session_name(name));
  if (!version || TRY(was_removed(name, version->seq_no))) return std::nullopt;
  return Receipt{.tree = make_snapshot_tree(catalog_, version->seq_no),
                 .version = version->seq_no,
                 .made_version = true,
                 .session_name = std::string(name)};
}

std::vector<std::string> Receipts::kept_without_version() const {
  MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (auto at = by_order_.rbegin(); at != by_order_.rend(); ++at) {
    if (!kept_.find(at->second)->second.receipt.made_version) names.push_back(at->second);
  }
  return names;
}

Result<std::vector<std::string>> Receipts::names(
    std::size_t limit, const std::function<bool(const std::string&)>& hidden) const {
  std::vector<std::string> names;
  std::set<std::string> seen{""};
  const auto add = [&](const std::string& name) {
    if (names.size() < limit && !hidden(name)) names.push_back(name);
  };
  for (const std::string& name : kept_without_version()) {
    if (seen.insert(name).second) add(name);
  }
  SeqNo before = SeqNo::none;
  for (std::size_t scanned = 0; names.size() < limit && scanned < kMaxScanned;
       scanned += kPageRows) {
    const auto page = TRY(catalog_->list_versions(before, kPageRows));
    for (const VersionRecord& version : page) {
      const bool is_newest_of_name = seen.insert(version.session).second;
      if (is_newest_of_name && !TRY(was_removed(version.session, version.seq_no)))
        add(version.session);
    }
    if (page.size() < kPageRows) break;
    before = page.back().seq_no;
  }
  return names;
}

void Receipts::forget(const std::set<SeqNo>& versions) {
  std::vector<Kept> forgotten;  // destroyed without the lock
  MutexLock lock(mutex_);
  for (auto kept = kept_.begin(); kept != kept_.end();) {
    if (!versions.contains(kept->second.receipt.version)) {
      ++kept;
      continue;
    }
    by_order_.erase(kept->second.order);
    forgotten.push_back(std::move(kept->second));
    kept = kept_.erase(kept);
  }
}

Result<void> Receipts::remove(std::string_view name) {
  if (!TRY(find(name))) return fail(ENOENT, "remove the receipt of " + std::string(name));
  if (const auto version = TRY(catalog_->find_version_by_session_name(name))) {
    const auto transaction = TRY(catalog_->begin());
    TRY(transaction->put_config(removal_key(name), std::to_string(raw(version->seq_no))));
    TRY(transaction->commit());
  }
  Kept removed;  // destroyed without the lock
  MutexLock lock(mutex_);
  const auto found = kept_.find(name);
  if (found == kept_.end()) return {};
  by_order_.erase(found->second.order);
  removed = std::move(found->second);
  kept_.erase(found);
  return {};
}

}  // namespace commitfs
