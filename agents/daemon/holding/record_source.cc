#include "agents/daemon/holding/record_source.h"

#include <algorithm>
#include <utility>

#include "trust/base/london.h"

namespace derwent::agents {
namespace {

absl::Status NotRead() { return absl::UnavailableError("the agency's own system cannot be read now"); }

}  // namespace

absl::Status SystemRecords::Ready() const { return reading_() == nullptr ? NotRead() : absl::OkStatus(); }

std::shared_ptr<const SystemRecords::Indexed> SystemRecords::Known() const {
  const MutexLock lock(mutex_);
  return indexed_;
}

void SystemRecords::Index() const {
  const MutexLock indexing(indexing_);
  const std::shared_ptr<const People> people = reading_();
  const std::shared_ptr<const Indexed> known = Known();
  if (people == nullptr || (known != nullptr && known->people == people)) return;
  const auto this_year = static_cast<int>(LondonDay(clock_.Now()).year());
  auto indexed = std::make_shared<const Indexed>(
      Indexed{.people = people, .index = matching::PersonIndex(people->records, this_year)});
  const MutexLock lock(mutex_);
  indexed_ = std::move(indexed);
}

std::shared_ptr<const SystemRecords::Indexed> SystemRecords::Current() const {
  if (reading_() == nullptr) return nullptr;
  if (Known() == nullptr) Index();
  return Known();
}

absl::StatusOr<std::optional<v1::CaseRecord>> SystemRecords::Find(const v1::CaseRecord& selector) const {
  const std::shared_ptr<const Indexed> current = Current();
  if (current == nullptr) return NotRead();
  const matching::Match match = current->index.Find(selector);
  if (match.outcome != matching::Match::Outcome::kOne) return std::nullopt;
  return current->people->records[match.record];
}

absl::StatusOr<bool> SystemRecords::Holds(absl::string_view record_ref) const {
  const std::shared_ptr<const People> people = reading_();
  if (people == nullptr) return NotRead();
  return std::ranges::binary_search(people->records, record_ref, {}, &v1::CaseRecord::record_ref);
}

absl::StatusOr<std::optional<v1::CaseRecord>> SystemRecords::Counts() const {
  const std::shared_ptr<const Indexed> current = Current();
  if (current == nullptr) return NotRead();
  if (current->people->counts.facts().empty()) return std::nullopt;
  v1::CaseRecord counts;
  *counts.mutable_aggregate() = current->people->counts;
  return counts;
}

}  // namespace derwent::agents
