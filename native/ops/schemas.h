// What each operator adds to the registration: its schema, and one implementation for each device.
#pragma once

namespace torch {
class Library;
}

namespace semples {

void define_dense_crf(torch::Library& library);
void implement_dense_crf_cpu(torch::Library& library);
void define_pamr(torch::Library& library);
void implement_pamr_cpu(torch::Library& library);
// The slow, obvious versions, as semples::ref_*: for tests.
void define_reference_dense_crf(torch::Library& library);
void define_reference_pamr(torch::Library& library);

}  // namespace semples
