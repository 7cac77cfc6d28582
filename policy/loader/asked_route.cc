#include "policy/loader/asked_route.h"

#include "policy/loader/emergency.h"
#include "policy/loader/record.h"

namespace derwent::policy {

std::optional<Route> AskedRoute(absl::string_view purpose, absl::string_view document_reference) {
  if (IsEmergency(purpose)) return Route::kBreakGlass;
  return document_reference.empty() ? std::optional<Route>() : Route::kStatutoryRequest;
}

std::string AskedRouteName(absl::string_view purpose, absl::string_view document_reference) {
  const std::optional<Route> route = AskedRoute(purpose, document_reference);
  return route.has_value() ? std::string(RouteName(*route)) : "";
}

}  // namespace derwent::policy
