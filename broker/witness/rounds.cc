#include "broker/witness/rounds.h"

namespace derwent::witness {

void Rounds::Grown(const store::CheckpointRow& newest) {
  const MutexLock lock(mutex_);
  if (!newest_.has_value() || newest_->size < newest.size) newest_ = newest;
}

bool Rounds::Advance(absl::Time now) {
  const MutexLock lock(mutex_);
  if (!newest_.has_value() || (offered_.has_value() && offered_->size >= newest_->size)) return false;
  const absl::Duration wait = !offered_.has_value() ? absl::ZeroDuration() : over_ ? kCadence : kLongest;
  if (now - began_ < wait) return false;
  offered_ = newest_;
  began_ = now;
  over_ = false;
  return true;
}

std::optional<store::CheckpointRow> Rounds::Offered() const {
  const MutexLock lock(mutex_);
  return offered_;
}

void Rounds::Met(uint64_t size) {
  const MutexLock lock(mutex_);
  if (offered_.has_value() && size >= offered_->size) over_ = true;
}

void Rounds::Overtaken(uint64_t size) {
  const MutexLock lock(mutex_);
  if (offered_.has_value() && size > offered_->size) over_ = true;
}

}  // namespace derwent::witness
