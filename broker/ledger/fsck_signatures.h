#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "trust/identity/authority.h"

namespace derwent::ledger {

// What does not fit about the two commands of an erasure as they are stored (serialised SignedCommand); empty: two
// persons signed, each with the key of the certificate beside it, whose name is the command's, the same erasure of
// exactly these entries, and `authority`, unless null, had issued both certificates when they signed. Which roles were
// held is not to be had from a database file: the broker judged it, and each party's agent does.
std::string SignaturesMisfit(absl::string_view request, absl::string_view approval,
                             const std::vector<uint64_t>& targets, const trust::Authority* authority);

}  // namespace derwent::ledger
