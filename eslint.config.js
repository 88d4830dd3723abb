import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/dist", "**/node_modules", "reports", ".sandbox"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // A promise that nobody awaits is a write that may not have happened, or an assertion that cannot fail.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "no-console": "off",
      eqeqeq: "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression ObjectExpression > Property[key.name='parent'] ~ SpreadElement",
          message: "`parent` comes last, so that a caller's options cannot replace it.",
        },
      ],
    },
  },
);
