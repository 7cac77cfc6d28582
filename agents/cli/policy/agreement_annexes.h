#pragma once

#include <string>

#include "agents/cli/policy/agreement_text.h"

namespace derwent::cli {

// Parts of an agreement that the ICO's data sharing code asks for and that no rule decides. What only the parties can
// say stands there as to be completed.

// Requests under the Freedom of Information Act 2000 and the Environmental Information Regulations 2004.
std::string PublicAccessHtml();
// How often and how much, by profile.
std::string VolumesHtml(const AgreementText& text);
// What a child says and wants.
std::string ChildsVoiceHtml();
// What becomes of what was shared when the sharing ends.
std::string ReturnHtml();
// The words of this agreement.
std::string GlossaryHtml(const AgreementText& text);
// A form to ask with, and one to record a decision.
std::string FormsHtml(const AgreementText& text);

}  // namespace derwent::cli
