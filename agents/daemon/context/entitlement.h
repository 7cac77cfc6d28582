#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/context/context.h"
#include "derwent/v1/package.pb.h"
#include "trust/identity/spiffe.h"

namespace derwent::agents {

// A caller of the local service: of the agent's own agency, a console or a person.
struct LocalCaller {
  trust::CallerKind kind = trust::CallerKind::kPerson;
  std::string name;
  std::string serial{};                              // Of its certificate.
  absl::Time certified_from = absl::InfinitePast();  // Since when that is good.
};

// What may be asked of an agent.
enum class LocalRight {
  kPush,          // Push, see what would be sent, withdraw.
  kSeeOutbox,     // List what was sent.
  kSeeInbox,      // List what was received.
  kReferences,    // Compute references for a ledger search.
  kAudit,         // See the agent's own records of what was sent, received and opened.
  kExport,        // Have signed what was exported.
  kSeeHeld,       // See what others asked of this agency, and what became of it.
  kRestrict,      // Restrict a subject.
  kHandleRights,  // Tell others of a person's rights, and answer them.
  kStatus,        // See the agent's state.
};

// Who the peer of a connection is. Errors: kUnauthenticated no certificate of the consortium, or revoked;
// kPermissionDenied another agency, or an agent.
absl::StatusOr<LocalCaller> CallerOf(absl::string_view certificate_pem, const AgentContext& context);

// Consoles may all but compute references and restrict; a person what a role in the own directory says.
// Error: kPermissionDenied `ROLE_NOT_ENTITLED`.
absl::Status CheckRight(const LocalCaller& caller, LocalRight right, const AgentContext& context);

// A role with the power that the person holds today, in whatever area; empty: none.
std::string RoleWith(const std::string& person, absl::string_view power, const AgentContext& context);

// A role of the own agency, as somebody must hold it. The board counts where the role is of a board or panel; empty:
// any.
struct OwnRole {
  std::string role;
  std::string board;
  std::string area;
};

// Whether a person of this agency holds the role today, with training that counts. False before the directories are
// known: doubt denies.
bool HoldsToday(const std::string& person, const OwnRole& sought, const AgentContext& context);

// Likewise any role at all, for the area: of somebody whom others named, who must still be of the agency's people.
bool ServesToday(const std::string& person, const std::string& area, const AgentContext& context);

// May open this share: whoever holds the addressed role today for its board and area, of a share to a named person that
// person alone; a console for the agency's own system. Error: kPermissionDenied `ROLE_NOT_ENTITLED`.
absl::Status CheckMayOpen(const LocalCaller& caller, const v1::Manifest& manifest, const AgentContext& context);

}  // namespace derwent::agents
