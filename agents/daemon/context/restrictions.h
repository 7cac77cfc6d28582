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

// Puts a restriction in force or lifts it: here, durably, then at the broker, which stops what goes to it. A broker
// that does not answer is told again until it does: until then no identifier is in force with both, and what is lifted
// stays in force here. Errors: kInvalidArgument naming each wrong field, `identifiers` where neither they nor
// `record_refs` say whom; kUnavailable the end of one waits for the broker; of the broker that does not take it, with
// the alarm `RESTRICTION_NOT_TAKEN`: what was put in force stays so here.
absl::StatusOr<v1::RestrictResponse> Restrict(const v1::RestrictRequest& request, const AgentContext& context);

// Tells the broker what it has not answered yet. Error: kUnavailable ask again later; the last that it did not take.
absl::Status TellRestrictions(const AgentContext& context);

// How whom a record is about is known among those restricted. Of a share to be sent under a profile of `enclave`: by
// the record's own reference, and by verified identifiers as the broker is told them; where no key of that enclave is
// held, and the broker is told nothing, under every key.
std::vector<KnownAs> AboutWhom(const v1::CaseRecord& record, const std::string& enclave, const AgentContext& context);
// Of an answer, which this agent must not even make. `told`: what else was said of its person (who asked said it, and
// it matched); its verified identifiers count as the record's own do.
std::vector<KnownAs> AboutWhom(const v1::CaseRecord& record, const v1::CaseRecord& told, const AgentContext& context);
// Subject references of identifiers, under the key of an enclave (empty: `general`). Adds each wrong field to
// `problems`.
std::vector<std::string> ReferencesFor(const google::protobuf::RepeatedPtrField<std::string>& identifiers,
                                       const std::string& enclave, const AgentContext& context,
                                       std::vector<FieldProblem>& problems);

}  // namespace derwent::agents
