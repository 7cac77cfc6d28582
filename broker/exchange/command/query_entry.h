#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/refusal.h"
#include "trust/base/digest.h"

namespace derwent::exchange {

// A look at the ledger. It is entered before its first row is told; its further pages are the same look.
struct Look {
  std::string what;               // the call
  std::vector<std::string> tags;  // of the person it asks for; may be empty
  Sha256Digest query;             // of everything it asks; zero: a single row
};

// Where a page of a query goes on, and the entry of the query.
struct QueryToken {
  uint64_t position = 0;
  uint64_t entry = 0;

  std::string ToString() const;
};
// nullopt for the first page, whose token is empty. What is wrong goes to `violations`.
std::optional<QueryToken> ReadQueryToken(const std::string& text, Violations& violations);

// Enters a look and returns the entry's index.
absl::StatusOr<uint64_t> EnterLook(const Caller& caller, const Look& look, Batch& batch);
// Likewise for the first page of a query; a further page gives the index of the entry its token names, which must be
// of this very query by this caller, of the last hour. Error: kInvalidArgument `PAYLOAD_REJECTED` of the token.
absl::StatusOr<uint64_t> EnterPage(const Caller& caller, const Look& look, const std::optional<QueryToken>& token,
                                   Batch& batch);

}  // namespace derwent::exchange
