export const load = () => ({ port: process.env.PORT });
