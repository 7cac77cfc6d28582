#include "agents/daemon/sending/intake_result.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/channel/rpc_error.h"
#include "nlohmann/json.hpp"

namespace derwent::agents {
namespace {

using nlohmann::json;

std::string Printed(const json& result) { return result.dump(-1, ' ', false, json::error_handler_t::replace); }

json ErrorsJson(const std::vector<connectors::Problem>& problems) {
  json errors = json::array();
  for (const connectors::Problem& problem : problems)
    errors.push_back({{"row", problem.row}, {"column", problem.column}, {"rule", problem.rule}});
  return errors;
}

json SharesJson(const v1::PushReferralResponse& response) {
  json shares = json::array();
  for (const v1::ShareOutcome& share : response.shares()) {
    json released = json::array();
    for (const v1::UnitOutcome& unit : share.units()) {
      released.push_back({{"recipient", unit.recipient_agency()},
                          {"subject", unit.subject()},
                          {"category", unit.category()},
                          {"outcome", unit.outcome()},
                          {"form", unit.form()},
                          {"reasons", std::vector<std::string>(unit.reasons().begin(), unit.reasons().end())}});
    }
    shares.push_back({{"share_id", share.share_id()},
                      {"profile", share.profile()},
                      {"state", share.state()},
                      {"reason", share.reason()},
                      {"units", released}});
  }
  return shares;
}

json ReferralJson(const PushedReferral& referral) {
  json one = {{"referral_ref", referral.referral_ref}};
  if (referral.row > 0) one["row"] = referral.row;
  if (referral.duplicate) one["duplicate"] = true;
  if (referral.taken) one["shares"] = SharesJson(referral.response);
  if (!referral.taken) one["errors"] = ErrorsJson(referral.problems);
  return one;
}

std::string StateOf(const IntakeResult& result) {
  if (!result.problems.empty()) return result.any_taken() ? "PARTIAL" : "FAILED";
  const bool old = !result.referrals.empty() && std::ranges::all_of(result.referrals, &PushedReferral::duplicate);
  return old ? "DUPLICATE" : "DONE";
}

}  // namespace

bool IntakeResult::any_taken() const { return std::ranges::any_of(referrals, &PushedReferral::taken); }

std::string PrintResult(const IntakeResult& result) {
  json referrals = json::array();
  for (const PushedReferral& referral : result.referrals) referrals.push_back(ReferralJson(referral));
  return Printed({{"file", result.file},
                  {"state", StateOf(result)},
                  {"referrals", std::move(referrals)},
                  {"errors", ErrorsJson(result.problems)}});
}

std::string PrintDuplicate(const std::string& file, const std::string& first) {
  json result = {{"file", file}, {"state", "DUPLICATE"}, {"referrals", json::array()}, {"errors", json::array()}};
  json known = json::parse(first, nullptr, /*allow_exceptions=*/false);
  if (known.is_object()) result["first"] = std::move(known);
  return Printed(result);
}

std::vector<connectors::Problem> ProblemsOf(const absl::Status& refused, int64_t row) {
  std::vector<connectors::Problem> problems;
  const RpcError error = DescribeRpcError(refused);
  for (const Violation& violation : error.fields) problems.push_back({row, violation.field, violation.description});
  if (problems.empty()) {
    const std::string reason = error.reason.empty() ? "" : absl::StrCat(error.reason, ": ");
    problems.push_back({row, "", absl::StrCat(reason, std::string(refused.message()))});
  }
  return problems;
}

}  // namespace derwent::agents
