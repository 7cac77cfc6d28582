#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"

#include "derwent/v1/dsse.pb.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/referral.pb.h"
#include "tests/support/test_pki.h"
#include "trust/signature/signing_key.h"

namespace derwent::exchange {

inline constexpr char kSender[] = "dcc.adults";
inline constexpr char kRecipient[] = "dfrs";
inline constexpr char kPractitioner[] = "p-2c78e5";

// A UUID that no call had before.
std::string FreshRequestId();

v1::DsseEnvelope SignedWith(const trust::SigningKey& key, absl::string_view type,
                            const google::protobuf::Message& message);

// The `sequence`-th key event of an agency: its signing key first, then sealing keys, unless it is to be a signing key
// again. The key counts for 50 days from half an hour ago.
v1::DsseEnvelope MakeKeyEvent(const std::string& agency, uint32_t sequence, const testing::TestIdentity& identity,
                              const std::string& previous, absl::Time now, const trust::SigningKey& key,
                              bool signing = false);

struct ShareParts {
  std::string share_id;
  absl::Time now;
  std::string policy_digest;
  std::string sealing_key_id;
};
using ShareChange = std::function<void(v1::Manifest&, v1::SenderStatement&)>;

// A fire-safety share of kSender to kRecipient about one resident, two sealed units, whole but for what `change` does
// before it is signed. What is sealed is of no matter to the broker.
v1::SubmitReferralRequest MakeShare(const ShareParts& parts, const trust::SigningKey& key,
                                    const ShareChange& change = nullptr);

}  // namespace derwent::exchange
