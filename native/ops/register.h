// The torch operators of the namespace semples.
#pragma once

namespace semples {

// Registers them with LibTorch's dispatcher, once; later calls do nothing. Throws c10::Error where another copy of this
// library in the process has registered them already. Not done by static initialisers: there that would end the
// process.
void register_ops();

// Gives what the operators keep between calls back to the system. Calls under way keep what they use.
void release_operator_memory() noexcept;

}  // namespace semples
