#pragma once

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "derwent/v1/policy_service.pb.h"
#include "policy/loader/problem.h"

// A bundle as it travels and is stored.

namespace derwent::policy {

using BundleFiles = google::protobuf::RepeatedPtrField<v1::BundleFile>;

// Errors: kInvalidArgument a path that CheckPath refuses, or that is there twice.
absl::StatusOr<Files> FilesOf(const BundleFiles& carried);
void Carry(const Files& files, BundleFiles& carried);

}  // namespace derwent::policy
