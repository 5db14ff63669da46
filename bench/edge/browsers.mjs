/**
 * Who asks, with the `Accept` header of an `<img>`. The values are real: those of Chromium and Firefox by their sources, those of Safari by
 * MDN's list and by recorded requests of the versions named. How many of each come is assumed.
 */

// Chrome from 85, Edge from 121, Opera, Samsung Internet, Android's WebView.
const CHROMIUM = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
// Chrome to 84, Edge to 120, which was built without AVIF.
const CHROMIUM_WITHOUT_AVIF = 'image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
// Firefox from 128, 92 to 127, 65 to 91.
const FIREFOX = 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
const FIREFOX_92 = 'image/avif,image/webp,*/*';
const FIREFOX_65 = 'image/webp,*/*';
// Safari 17.6 (and 18); 16.2 and 16.6; 14 and 15; 13. In-app views of iOS send what Safari does.
const SAFARI =
  'image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
const SAFARI_16 = 'image/webp,image/avif,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
const SAFARI_14 = 'image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5';
const SAFARI_13 = 'image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5';
// curl, Googlebot and Bingbot as their owners or logs have shown them, previews of links, HTTP libraries of apps.
const ANYTHING = '*/*';
// SDWebImage, which many iOS apps load pictures with.
const SD_WEB_IMAGE = 'image/*,*/*;q=0.8';

/** Viewports in CSS pixels with device pixel ratios: common devices. A desktop's window may have any width. */
const IPHONES = [
  [375, 2],
  [375, 3],
  [390, 3],
  [393, 3],
  [402, 3],
  [414, 2],
  [428, 3],
  [430, 3],
];
const ANDROIDS = [
  [360, 2],
  [360, 3],
  [384, 2.8125],
  [385, 2.8125],
  [393, 2.75],
  [411, 2.625],
  [412, 2.625],
  [412, 3.5],
];
const IPADS = [
  [768, 2],
  [810, 2],
  [820, 2],
  [1024, 2],
];
const MACS = [
  [1440, 2],
  [1512, 2],
  [1728, 2],
  [1920, 1],
];
const DESKTOPS = [
  [1280, 1.5],
  [1366, 1],
  [1440, 1],
  [1536, 1.25],
  [1707, 1.5],
  [1920, 1],
  [2560, 1],
];

/** Visitors of web pages. */
export const BROWSERS = [
  { name: 'Chrome, Android', share: 31, accept: CHROMIUM, screens: ANDROIDS },
  { name: 'in-app views, Android', share: 4, accept: CHROMIUM, screens: ANDROIDS },
  { name: 'Chrome, desktop', share: 20, accept: CHROMIUM, screens: DESKTOPS, hasWindow: true },
  { name: 'Edge from 121', share: 6, accept: CHROMIUM, screens: DESKTOPS, hasWindow: true },
  { name: 'Edge to 120', share: 1, accept: CHROMIUM_WITHOUT_AVIF, screens: DESKTOPS, hasWindow: true },
  { name: 'Safari 17 and 18, iPhone', share: 17, accept: SAFARI, screens: IPHONES },
  { name: 'in-app views, iPhone', share: 4, accept: SAFARI, screens: IPHONES },
  { name: 'Safari 17 and 18, iPad', share: 2, accept: SAFARI, screens: IPADS },
  { name: 'Safari 17 and 18, Mac', share: 4, accept: SAFARI, screens: MACS, hasWindow: true },
  { name: 'Safari 16, iPhone', share: 2, accept: SAFARI_16, screens: IPHONES },
  { name: 'Safari 15, iPhone', share: 1.5, accept: SAFARI_14, screens: IPHONES },
  { name: 'Safari 15, Mac', share: 0.5, accept: SAFARI_14, screens: MACS, hasWindow: true },
  { name: 'Safari 13, iPad', share: 0.3, accept: SAFARI_13, screens: IPADS },
  { name: 'Firefox from 128', share: 5, accept: FIREFOX, screens: DESKTOPS, hasWindow: true },
  { name: 'Firefox 92 to 127', share: 1.2, accept: FIREFOX_92, screens: DESKTOPS, hasWindow: true },
  { name: 'Firefox 65 to 91', share: 0.3, accept: FIREFOX_65, screens: DESKTOPS, hasWindow: true },
];

/** The same site's apps: OkHttp sends no `Accept`, URLSession anything. */
export const APPS = [
  { name: 'app, OkHttp', share: 55, accept: undefined, screens: ANDROIDS },
  { name: 'app, SDWebImage', share: 25, accept: SD_WEB_IMAGE, screens: IPHONES },
  { name: 'app, URLSession', share: 20, accept: ANYTHING, screens: IPHONES },
];

/** Readers of mail in a browser or a program built on one. */
export const MAIL_READERS = BROWSERS;

export const BOTS = [
  { name: 'Googlebot', share: 50, accept: ANYTHING, screens: [[1024, 1]] },
  { name: 'Bingbot', share: 25, accept: ANYTHING, screens: [[1024, 1]] },
  { name: 'previews of links, curl', share: 25, accept: ANYTHING, screens: [[1024, 1]] },
];
