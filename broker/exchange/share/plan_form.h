#pragma once

#include <string>

#include "google/protobuf/repeated_field.h"

#include "broker/exchange/command/refusal.h"

namespace derwent::exchange {

// Rules of form that plans of referrals and of requests share. An entry may hold codes, never free text.
using Words = google::protobuf::RepeatedPtrField<std::string>;
// 64 codes at most.
void RequireCodes(const Words& words, const std::string& field, Violations& violations);
// The reference of a document, or none.
void RequireDocument(const std::string& reference, Violations& violations);
// 1 to 64 codes.
void RequireCategories(const Words& words, const std::string& field, Violations& violations);

}  // namespace derwent::exchange
