// Drawn here: no picture is fetched from anywhere.

import type { ReactNode } from "react";

function Icon({ children, size = 16 }: { readonly children: ReactNode; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export function Mark() {
  return (
    <svg className="mark" width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M9 17.5l5 5L24 11"
        fill="none"
        stroke="var(--panel)"
        strokeWidth="3.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

export const SlackIcon = () => (
  <Icon>
    <path d="M6 2.5v11M10 2.5v11M2.5 6h11M2.5 10h11" />
  </Icon>
);
export const GitHubIcon = () => (
  <Icon>
    <circle cx="4.5" cy="3.5" r="1.75" />
    <circle cx="4.5" cy="12.5" r="1.75" />
    <circle cx="11.5" cy="5.5" r="1.75" />
    <path d="M4.5 5.25v5.5M11.5 7.25c0 2.5-4 2-6.5 3.6" />
  </Icon>
);
export const ClusterIcon = () => (
  <Icon>
    <path d="M8 1.8l5.4 3.1v6.2L8 14.2l-5.4-3.1V4.9z" />
    <path d="M2.9 5L8 8l5.1-3M8 8v6" />
  </Icon>
);
export const CockpitIcon = () => (
  <Icon>
    <rect x="1.75" y="2.75" width="12.5" height="10.5" rx="2" />
    <path d="M4.5 6.2l2 1.9-2 1.9M8.5 10.2h3" />
  </Icon>
);
export const OpenIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <circle cx="8" cy="8" r="1.2" fill="currentColor" stroke="none" />
  </Icon>
);
export const DoneIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M5.4 8.2l1.8 1.8 3.4-3.8" />
  </Icon>
);
export const FailedIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2" />
  </Icon>
);
export const WaitIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" strokeDasharray="2.4 2.3" />
  </Icon>
);
export const BusyIcon = () => (
  <span className="busy">
    <Icon>
      <path d="M8 2a6 6 0 1 1-6 6" />
    </Icon>
  </span>
);
export const SkippedIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M5.5 10.5l5-5" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="M9.5 3.5L5 8l4.5 4.5" />
  </Icon>
);
export const EyeIcon = () => (
  <Icon size={13}>
    <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z" />
    <circle cx="8" cy="8" r="1.8" />
  </Icon>
);
export const BotIcon = () => (
  <Icon size={20}>
    <rect x="2.5" y="5" width="11" height="8" rx="2.5" />
    <path d="M8 5V2.6M5.8 8.6v1M10.2 8.6v1" />
  </Icon>
);
