#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/agreement.pb.h"
#include "policy/loader/problem.h"

namespace derwent::cli {

// Who signs: a person's certificate and private key, by file.
struct SignerFiles {
  std::string certificate;
  std::string key;
};

// The text of an agreement. Error: kInvalidArgument it does not parse.
absl::StatusOr<v1::Agreement> ReadAgreement(const policy::Files& files, const std::string& agreement_id);
// Puts one file of the bundle in place, whole or not at all.
absl::Status WriteBundleFile(const std::string& directory, const std::string& path, absl::string_view content);
// Writes MANIFEST anew; returns its SHA-256 in hex.
absl::StatusOr<std::string> WriteManifest(const std::string& directory);
// Adds the signer's signature over MANIFEST; an older one of the same agency is replaced.
absl::Status SignBundle(const std::string& directory, const SignerFiles& signer);
// Adds the signer's signature over an agreement as it stands, with all it depends on.
absl::Status SignAgreement(const std::string& directory, const std::string& agreement_id, const SignerFiles& signer);
// Gives notice on the agreement's present revision: one party's signature suffices, because it only tightens.
// `notice` says what it does, from when and, for REMOVE_PARTY, to whom; the rest is filled in. Error: kInvalidArgument
// for a date that is none, or a party that is no party.
absl::Status GiveNotice(const std::string& directory, const std::string& agreement_id, v1::AgreementNotice notice,
                        const SignerFiles& signer);

}  // namespace derwent::cli
