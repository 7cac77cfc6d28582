#include "agents/sdk/key_memory.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

std::string NameOf(const std::string& agency) { return absl::StrCat("key_chain/", agency); }

}  // namespace

KnownChain KnownChain::Of(const v1::AgencyKeys& keys) {
  if (keys.events().empty()) return {};
  return {.length = static_cast<uint64_t>(keys.events_size()),
          .last_digest = trust::Sha256(keys.events(keys.events_size() - 1).payload()).hex()};
}

bool KnownChain::IsExtendedBy(const v1::AgencyKeys& keys) const {
  if (length == 0) return true;
  if (static_cast<uint64_t>(keys.events_size()) < length) return false;
  return trust::Sha256(keys.events(static_cast<int>(length) - 1).payload()).hex() == last_digest;
}

absl::StatusOr<KnownChain> KeyMemory::Find(const std::string& agency) const {
  if (!read_) return KnownChain();
  ASSIGN_OR_RETURN(const std::string kept, read_(NameOf(agency)));
  if (kept.empty()) return KnownChain();
  const std::vector<std::string> words = absl::StrSplit(kept, ' ');
  KnownChain chain;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &chain.length) || chain.length == 0 ||
      !Sha256Digest::FromHex(words[1]).ok())
    return absl::DataLossError(absl::StrCat("what is kept of the keys of `", agency, "` does not parse"));
  chain.last_digest = words[1];
  return chain;
}

absl::Status KeyMemory::Keep(const std::string& agency, const KnownChain& chain) const {
  if (!write_) return absl::OkStatus();
  return write_(NameOf(agency), absl::StrCat(chain.length, " ", chain.last_digest));
}

}  // namespace derwent::agents
