#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/cli/ledger/key_chain.h"
#include "agents/cli/ledger/offline_ledger.h"
#include "agents/cli/session/client.h"
#include "derwent/v1/agent_audit.pb.h"

namespace derwent::cli {

// Files of an export beside those that its manifest names: the agency's signature under the manifest. And one that it
// names: the agency's key events with their receipts.
inline constexpr char kExportSignature[] = "manifest.dsse.json";
inline constexpr char kExportKeys[] = "agency-keys.json";

// The agency's key events, as a file of the export.
absl::StatusOr<std::string> KeysForExport(Client& client);
// The agency's word for a manifest, given by its agent to whoever exports (agent_audit.proto), as a file.
absl::StatusOr<std::string> SignManifest(Client& client, absl::string_view manifest);

// Whether an export of the folder is signed at all.
bool IsSigned(const std::string& folder);

// Verifies the signature under the folder's manifest offline: by a signing key of the agency that counted when it was
// made, in a chain from the first key that `roots` names, each event of it in the log. Returns what was signed. Errors:
// kInvalidArgument `roots`; kDataLoss naming the file and what is wrong, also that there is no signature.
absl::StatusOr<v1::AuditExport> VerifySignature(const std::string& folder, const KeyRoots& roots,
                                                const Believed& believed, absl::Time now);

}  // namespace derwent::cli
