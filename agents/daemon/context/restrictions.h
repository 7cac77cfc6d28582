#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/fault.h"
#include "derwent/v1/agent.pb.h"
#include "derwent/v1/record.pb.h"

// Whom this agency's own officers restricted: by verified identifiers, of which the broker knows too, and by records of
// the agency's own system, of which nobody else does. Each is kept as a keyed digest, which tells nothing by itself.
namespace derwent::agents {

// Puts a restriction in force or lifts it: at the broker, which stops what goes to it, then here. Errors:
// kInvalidArgument naming each wrong field, `identifiers` where neither they nor `record_refs` say whom; of the broker.
absl::StatusOr<v1::RestrictResponse> Restrict(const v1::RestrictRequest& request, const AgentContext& context);

// Whether nothing of a record may leave. `told`: what else was said of its person (who asked said it, and it matched);
// its verified identifiers count as the record's own do.
absl::StatusOr<bool> IsRestricted(const v1::CaseRecord& record, const v1::CaseRecord& told,
                                  const AgentContext& context);

// Whether nothing of a record may leave by its own reference: what the broker cannot stop, for it never learns it.
absl::StatusOr<bool> IsRecordRestricted(const v1::CaseRecord& record, const AgentContext& context);

// Subject references of identifiers, under the key of an enclave (empty: `general`). Adds each wrong field to
// `problems`.
std::vector<std::string> ReferencesFor(const google::protobuf::RepeatedPtrField<std::string>& identifiers,
                                       const std::string& enclave, const AgentContext& context,
                                       std::vector<FieldProblem>& problems);

}  // namespace derwent::agents
