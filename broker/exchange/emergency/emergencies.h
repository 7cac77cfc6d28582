#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/package_check.h"
#include "derwent/v1/emergency.pb.h"
#include "trust/identity/spiffe.h"

// Emergencies: declared by two persons, used by one request, reviewed on the next working day. The use itself is
// decided as every request is (requests.cc), by the route's own rules.

namespace derwent::exchange {

// A declaration of good form that both persons signed. Whether their certificates were revoked since is judged when it
// takes effect.
struct CheckedDeclaration {
  v1::EmergencyCommand command;
  std::vector<trust::Chain> chains;  // Of the signers' certificates.
};
// For workers. Errors: kInvalidArgument with all violations; kFailedPrecondition `SIGNATURE_INVALID`.
absl::StatusOr<CheckedDeclaration> CheckDeclaration(const v1::DeclareEmergencyRequest& request, const World& world,
                                                    absl::Time now);
absl::Status DeclareEmergency(const Caller& caller, const v1::DeclareEmergencyRequest& request,
                              const CheckedDeclaration& checked, v1::Emergency& response, Batch& batch);

// Likewise of a review.
struct CheckedReview {
  v1::EmergencyReview review;
  trust::SpiffeId signer;
  trust::Chain chain;
};
absl::StatusOr<CheckedReview> CheckReview(const v1::ReviewEmergencyRequest& request, const World& world,
                                          absl::Time now);
absl::Status ReviewEmergency(const Caller& caller, const v1::ReviewEmergencyRequest& request,
                             const CheckedReview& checked, v1::Emergency& response, Batch& batch);

absl::StatusOr<v1::ListEmergenciesResponse> ListEmergencies(const Caller& caller, store::Reader& reader);

// A request on the route says what its declaration says, and is its only use. Error: kFailedPrecondition
// `EMERGENCY_NOT_DECLARED`.
absl::Status CheckDeclared(const CheckedShare& share, Batch& batch);
// The declaration is used; its review becomes due.
absl::Status UseDeclared(const CheckedShare& share, Batch& batch);

// Ids of the emergencies that were used and are not reviewed yet, and of the requests that used them.
absl::StatusOr<std::set<std::string>> AwaitingReview(store::Reader& reader);

// Enters each review that is overdue and tells the officer's agency, again on each working day that passes.
absl::Status ChaseReviews(Batch& batch);

}  // namespace derwent::exchange
