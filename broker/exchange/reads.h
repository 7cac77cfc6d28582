#pragma once

#include "absl/status/statusor.h"

#include "broker/exchange/batch.h"
#include "broker/exchange/case_link.h"
#include "broker/store/store.h"
#include "derwent/v1/case.pb.h"
#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/erasure_service.pb.h"
#include "derwent/v1/key_service.pb.h"
#include "derwent/v1/ledger.pb.h"
#include "derwent/v1/referral.pb.h"
#include "derwent/v1/register_service.pb.h"

// Answers that only read, from a snapshot of what is committed. Each shows the caller's agency its own part only.

namespace derwent::exchange {

absl::StatusOr<v1::Referral> GetReferral(const Caller& caller, const v1::GetReferralRequest& request,
                                         store::Reader& reader);
absl::StatusOr<v1::ListReferralsResponse> ListReferrals(const Caller& caller, const v1::ListReferralsRequest& request,
                                                        store::Reader& reader);
absl::StatusOr<v1::CaseRequest> GetCaseRequest(const Caller& caller, const v1::GetCaseRequestRequest& request,
                                               absl::Time now, store::Reader& reader);
absl::StatusOr<v1::ListCaseRequestsResponse> ListCaseRequests(const Caller& caller,
                                                              const v1::ListCaseRequestsRequest& request,
                                                              absl::Time now, store::Reader& reader);
// An agent sees its agency's cases, a person as MaySeeCase; a page is filled with what the caller sees.
absl::StatusOr<v1::Case> GetCase(const Caller& caller, const v1::GetCaseRequest& request, const World& world,
                                 absl::Time now, store::Reader& reader);
absl::StatusOr<v1::ListCasesResponse> ListCases(const Caller& caller, const v1::ListCasesRequest& request,
                                                const World& world, absl::Time now, store::Reader& reader);
// A case as an agency sees it: its own persons, and the exclusions that it made or that concern it.
v1::Case RenderCase(const LoadedCase& loaded, const std::string& viewer);
// What a receipt into a checkpoint under the log's signature alone says of the quorum.
v1::ReceiptQuorum NotFinal(const World& world);
// What concerns the caller's agency; `now` tells what lapsed.
absl::StatusOr<v1::ListErasuresResponse> ListErasures(const Caller& caller, const v1::ListErasuresRequest& request,
                                                      absl::Time now, store::Reader& reader);
absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const std::string& agency, store::Reader& reader);
absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& request,
                                                            const World& world, store::Reader& reader);

}  // namespace derwent::exchange
