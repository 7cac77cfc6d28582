#pragma once

#include <functional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

#include "broker/store/store.h"
#include "trust/base/digest.h"
#include "trust/base/mutex.h"
#include "trust/note/log_keys.h"

namespace derwent::rpc {

// What calls carry of the ledger: a caller's newest checkpoint in, the newest cosigned one out, so that nobody can be
// shown another history than the others. Thread-safe. Remembers the last few hundred notes that it judged.
class Gossip {
 public:
  // Binary metadata, of requests and at the end of replies: a signed note, verbatim, 16 KiB at most.
  static constexpr char kMetadata[] = "derwent-checkpoint-bin";

  // `refute` is told of a note that a key of the log which counts for its size signed and the database does not hold.
  // `store` must outlive it.
  Gossip(trust::LogKeys log_keys, store::Store& store, std::function<void(const std::string&)> refute)
      : log_keys_(std::move(log_keys)), store_(store), refute_(std::move(refute)) {}

  // Judges what a caller told. What this log did not sign says nothing. What cannot be judged now, because the database
  // cannot be read, is judged when it is told again.
  void Heard(absl::string_view note);
  // What replies carry; empty: nothing.
  std::string newest() const;
  void SetNewest(std::string note);

 private:
  bool IsJudged(const Sha256Digest& digest) const;
  void Remember(const Sha256Digest& digest);

  const trust::LogKeys log_keys_;
  store::Store& store_;
  const std::function<void(const std::string&)> refute_;
  mutable Mutex mutex_;
  std::string newest_ GUARDED_BY(mutex_);
  absl::flat_hash_set<Sha256Digest> judged_ GUARDED_BY(mutex_);
};

}  // namespace derwent::rpc
