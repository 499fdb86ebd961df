import vue from "@vitejs/plugin-vue";
import { defineConfig, loadEnv } from "vite";

/** Address of a running API for `npm run dev`; the built files are served by the API itself. */
export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, ".", "CHURNBOARD_");
  return {
    base: "/",
    plugins: [vue()],
    build: { target: "es2022", reportCompressedSize: true },
    server: {
      proxy: { "/api": env["CHURNBOARD_API"] ?? "http://127.0.0.1:8000" },
    },
  };
});
