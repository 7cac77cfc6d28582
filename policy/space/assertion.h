#pragma once

#include <string>
#include <vector>

#include "derwent/v1/assertion.pb.h"
#include "policy/engine/model.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// The standing assertions of a bundle (`assertions/*.txtpb`), every word of them checked against the policy. Each
// unknown word, each assertion without exactly one property, each exception that names facts is a problem.
std::vector<v1::Assertion> ReadAssertions(const Files& files, const Policy& policy, Problems& problems);

// Says all that is wrong with them; without a policy, whose text has errors, only what does not read.
void CheckAssertions(const Files& files, const Policy* policy, Problems& problems);

}  // namespace derwent::policy
