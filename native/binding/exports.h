// What each file of this folder adds to the addon.
#pragma once
#include <napi.h>

namespace semples {

void export_runtime(Napi::Env env, Napi::Object exports);
void export_generator(Napi::Env env, Napi::Object exports);
void export_clip(Napi::Env env, Napi::Object exports);
void export_prompts(Napi::Env env, Napi::Object exports);
void export_trainer(Napi::Env env, Napi::Object exports);
void export_segment(Napi::Env env, Napi::Object exports);
void export_refine(Napi::Env env, Napi::Object exports);
void export_inspection(Napi::Env env, Napi::Object exports);

}  // namespace semples
