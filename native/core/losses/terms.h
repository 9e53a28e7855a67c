// All loss terms, in the order in which they are listed. A new one: its header, and its name below.
#pragma once
#include "core/losses/area.h"
#include "core/losses/classification.h"
#include "core/losses/contrastive.h"

namespace semples {

template <class... Terms>
struct TermList {};

using AllTerms = TermList<ClassLogits, CoarseLogits, FineLogits, Match, BackgroundText, BackgroundPrompt, TextPrompt,
                          RepelForeground, ForegroundPrompt, PromptFloor, Area>;

}  // namespace semples
