#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/matching/person_index.h"
#include "agents/register/people.h"
#include "derwent/v1/record.pb.h"
#include "trust/base/clock.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// Whom this agency holds. Thread-safe.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // Whether the records can be read now. Asked before it matters whether somebody is held: when a source is away
  // everybody fares alike, and not only those whom it has. Error: kUnavailable.
  virtual absl::Status Ready() const = 0;
  // The one record that is the person of `selector`; nullopt when there is none, or more than one may be: never a list.
  // Error: kUnavailable the records cannot be read now; the request waits.
  virtual absl::StatusOr<std::optional<v1::CaseRecord>> Find(const v1::CaseRecord& selector) const = 0;
  // Whether some record has this reference. Error: as Find.
  virtual absl::StatusOr<bool> Holds(absl::string_view record_ref) const = 0;
  // The agency's tables of counts, as a record of nobody; nullopt when it has none. Error: as Find.
  virtual absl::StatusOr<std::optional<v1::CaseRecord>> Counts() const { return std::nullopt; }
};

// The people of the agency's own system, matched safely (agents/matching). A look-up never waits for the index of a new
// reading: only who is held would be answered about later for it. Until that one is indexed (`Index`), the one before
// counts.
class SystemRecords final : public RecordSource {
 public:
  using Reading = std::function<std::shared_ptr<const People>()>;
  // `reading` gives the people that count now; null: never read yet, so that nobody can be said not to be held. Borrows
  // the clock.
  SystemRecords(Reading reading, const Clock& clock) : reading_(std::move(reading)), clock_(clock) {}
  // Indexes the reading that counts now, unless it was; about a second for 100,000 people.
  void Index() const;
  absl::Status Ready() const override;
  absl::StatusOr<std::optional<v1::CaseRecord>> Find(const v1::CaseRecord& selector) const override;
  absl::StatusOr<bool> Holds(absl::string_view record_ref) const override;
  absl::StatusOr<std::optional<v1::CaseRecord>> Counts() const override;

 private:
  struct Indexed {
    std::shared_ptr<const People> people;
    matching::PersonIndex index;
  };
  std::shared_ptr<const Indexed> Current() const;
  std::shared_ptr<const Indexed> Known() const;

  const Reading reading_;
  const Clock& clock_;
  mutable Mutex indexing_;  // One at a time.
  mutable Mutex mutex_;
  mutable std::shared_ptr<const Indexed> indexed_ GUARDED_BY(mutex_);  // Shared: a lookup in progress keeps its own.
};

}  // namespace derwent::agents
