#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/case_link.h"
#include "broker/store/store.h"
#include "derwent/v1/case.pb.h"

// Cases: what requests belong to, who takes part, who may not.

namespace derwent::exchange {

absl::Status OpenCase(const Caller& caller, const v1::OpenCaseRequest& request, v1::Case& response, Batch& batch);
absl::Status ChangeCaseMember(const Caller& caller, const v1::ChangeCaseMemberRequest& request, v1::Case& response,
                              Batch& batch);
absl::Status CloseCase(const Caller& caller, const v1::CloseCaseRequest& request, v1::Case& response, Batch& batch);
// An agent sees its agency's cases, a person as MaySeeCase; a page is filled with what the caller sees.
absl::StatusOr<v1::Case> GetCase(const Caller& caller, const v1::GetCaseRequest& request, const World& world,
                                 absl::Time now, store::Reader& reader);
absl::StatusOr<v1::ListCasesResponse> ListCases(const Caller& caller, const v1::ListCasesRequest& request,
                                                const World& world, absl::Time now, store::Reader& reader);
// A case as an agency sees it: its own persons, and the exclusions that it made or that concern it.
v1::Case RenderCase(const LoadedCase& loaded, const std::string& viewer);

}  // namespace derwent::exchange
