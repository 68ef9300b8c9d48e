import { useLoaderData } from "@remix-run/react";

export const loader = () => ({ port: process.env.PORT });

export default function Index() {
  return <p>{`hello from port ${useLoaderData().port}`}</p>;
}
